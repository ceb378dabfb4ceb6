"""The subcommands: one file each, with `add` (its arguments) and `run` (its work)."""
