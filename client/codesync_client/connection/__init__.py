"""The connection of a room: dialing, handshake, reconnecting, outgoing and incoming queues."""
