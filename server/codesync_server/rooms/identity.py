"""The client instances that a room knows, also absent ones."""

from dataclasses import dataclass

from codesync_protocol.messages import Role
from codesync_server.store.records import weight_of_member


@dataclass(slots=True)
class Identity:
    """The record of a client instance, which lets it return as the same member.

    Attributes:
        member: its member id.
        name: its name.
        crdt: the CRDT id of its edits; 0 until it fetches the shared texts.
        edits_taken: the number of its last edit that the room accepted.
        edits_published: the number of its last edit that was sent to all members.
        role: the role that a host gave it; None: the role of its token.
        removed: why it may not return; empty if it may.
        seen_at: when it was last connected, in seconds since the Unix epoch; approximate.
        is_present: whether it is connected.
        is_capped: whether the role follows from an old invite, and would be derived again if this
            identity were forgotten.
        entered_as: the role with which it entered last; None since the server started.
    """

    member: int
    name: str
    crdt: int = 0
    edits_taken: int = 0
    edits_published: int = 0
    role: Role | None = None
    removed: str = ""
    seen_at: float = 0.0
    is_present: bool = False
    is_capped: bool = False
    entered_as: Role | None = None

    @property
    def weight(self) -> int:
        """Importance of the information: 0 a name, 1 a number of edits, 2 a host's decision."""
        return weight_of_member(self.role or "", self.removed, self.edits_taken, self.is_capped)
