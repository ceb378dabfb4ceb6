"""The server: connections, rooms, jobs, executors, languages, store, access."""
