"""Recovers text that the server does not have: unsent edits and conflicts."""
