"""The panes of the room's screen, one a file. They are told what to show and tell what was done."""
