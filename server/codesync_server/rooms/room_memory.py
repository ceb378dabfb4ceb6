"""Estimates how much memory a room uses."""

from codesync_protocol.limits import KIB
from codesync_server.rooms.room import Room

MEMBER_BYTES = 32 * KIB
"""Memory of a member's connection, besides the frames in its outbox."""


def memory_of(room: Room) -> int:
    """Estimate the bytes of memory that are freed when a room is closed and unloaded."""
    jobs = sum(job.size + job.output.held_bytes for job in room.jobs.values())
    return room.document.memory + room.log.size + jobs + room.size * MEMBER_BYTES
