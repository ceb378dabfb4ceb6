"""The Textual app: the room's screen, its dialogs, and protection of the terminal."""
