"""Connections: who may speak to us, one client's life, and its bounded outbox."""
