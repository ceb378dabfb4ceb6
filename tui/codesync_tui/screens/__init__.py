"""The screens: the room itself, and the dialogs that open over it."""
