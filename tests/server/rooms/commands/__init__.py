"""The commands of a room, against real rooms, stores and queues."""
