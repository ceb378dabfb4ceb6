"""Asks for a name, and prints a greeting."""

name = input("What is your name? ")
print(f"Hello, {name}!")
