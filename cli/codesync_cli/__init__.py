"""The `codesync` command: one file for each subcommand, which imports other parts when it runs."""
