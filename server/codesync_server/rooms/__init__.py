"""Rooms: members, the sequenced log of what happened, and who is told what."""
