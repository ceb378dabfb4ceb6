"""Members and strangers who abuse a server, for the benchmark `abuse`."""
