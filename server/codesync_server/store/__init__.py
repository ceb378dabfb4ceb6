"""The store: what is kept of what was accepted."""
