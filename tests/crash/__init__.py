"""A server that is killed again and again, and keeps its word all the same."""
