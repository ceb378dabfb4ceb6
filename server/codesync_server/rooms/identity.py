"""The client instances that a room knows, also absent ones."""

from dataclasses import dataclass

from codesync_protocol.messages import Role


@dataclass(slots=True)
class Identity:
    """What a room remembers of a client instance, so that it comes back as the same member.

    Attributes:
        member: its member id.
        name: its name.
        crdt: the CRDT id under which it edits; 0 until it asks for the shared texts.
        edits_taken: the number of its last edit that the room has.
        edits_told: the number of its last edit that everybody was told of, itself included.
        role: what a host lets it do; None: what its token says.
        removed: why it may not come back; empty while it may.
        seen_at: when it was here last, in seconds since the Unix epoch, as far as that matters.
        is_capped: the role follows from an old invite, and would again if it were forgotten.
    """

    member: int
    name: str
    crdt: int = 0
    edits_taken: int = 0
    edits_told: int = 0
    role: Role | None = None
    removed: str = ""
    seen_at: float = 0.0
    is_capped: bool = False

    @property
    def weight(self) -> int:
        """What forgetting it loses: 0 a name, 1 the number of its edits, 2 what a host decided."""
        if self.removed or (self.role is not None and not self.is_capped):
            return 2
        return 1 if self.edits_taken else 0
