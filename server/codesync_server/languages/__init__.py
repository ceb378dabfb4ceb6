"""Languages as data: languages.toml contains the built-in ones."""
