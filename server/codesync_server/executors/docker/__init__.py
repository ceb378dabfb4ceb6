"""Jobs in Docker containers: the image, the frozen profile, the pool of warm sandboxes, the engine."""
