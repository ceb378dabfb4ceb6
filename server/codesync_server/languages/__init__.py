"""Languages are data: languages.toml holds the built-in ones; adding one touches no code."""
