"""Servers and stores of this user: the embedded server, its settings, and opening a store."""
