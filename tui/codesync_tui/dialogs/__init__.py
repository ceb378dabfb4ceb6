"""Dialogs and notices that are shown over the room."""
