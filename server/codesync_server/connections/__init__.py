"""Connections: admission of clients, their frames, and their bounded outboxes."""
