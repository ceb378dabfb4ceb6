"""Benchmarks: commands that print measurements, and their ratio to a baseline of the same run."""
