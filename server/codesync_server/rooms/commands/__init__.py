"""The commands of a room, one file for each kind: edit, submit, host, read."""
