"""Where jobs run: the Executor contract, Docker and local sandboxes, and the runner inside them."""
