"""Formats values and text for display. Nothing here knows widgets or rooms."""
