"""Fuzzing: targets that accept any bytes, seeds for them, and inputs of earlier failures."""
