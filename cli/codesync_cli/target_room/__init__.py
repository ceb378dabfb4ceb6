"""The room that a command acts on: its link, its shared text, its jobs."""
