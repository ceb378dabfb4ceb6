"""Fuzzing: targets that take any bytes, seeds for them, and inputs that once broke them."""
