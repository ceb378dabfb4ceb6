"""Generates pages of docs/ from the code, and checks all Markdown files of the repository."""
