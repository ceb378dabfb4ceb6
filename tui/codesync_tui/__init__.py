"""The Textual app: screens, panels, and what keeps foreign text from acting on the terminal."""
