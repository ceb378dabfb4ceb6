"""The panes of the room's screen, one a file. Controllers update them; they post messages."""
