"""The store: records of rooms and accepted jobs."""
