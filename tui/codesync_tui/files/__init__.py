"""Keeps a local file in sync with the room's text."""
