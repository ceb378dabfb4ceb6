"""Rooms: members, the numbered log of events, and messages to members."""
