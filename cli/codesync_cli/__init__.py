"""The `codesync` command: one file a subcommand; each imports the other parts only when it runs."""
