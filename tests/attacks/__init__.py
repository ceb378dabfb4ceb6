"""The corpus of attacks, run against real Docker."""
