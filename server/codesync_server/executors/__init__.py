"""Executors: the contract, Docker and local sandboxes, and the runner inside them."""
