"""The client's copy of the shared texts: edits, merging, carets, and bounds on foreign input."""
