"""Jobs in Docker containers: image, frozen profile, pool of warm sandboxes, engine."""
