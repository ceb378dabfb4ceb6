"""The state of one connected member: identity, role, and channel."""

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.messages import Member, Role, ServerMessage
from codesync_server.access.payer import Payer
from codesync_server.access.rules import ACTING_ROLES
from codesync_server.jobs.job import Job, Submitter
from codesync_server.rooms.frames import frame_of
from codesync_server.rooms.member_channel import MemberChannel
from codesync_server.rooms.room import Room


class Seat:
    """A connected member of a room.

    Args:
        room: the room.
        key: the member's client key.
        channel: sends to the member.
        payer: the identities that are charged; by default the room and the member alone.
    """

    def __init__(
        self, room: Room, key: str, channel: MemberChannel, payer: Payer | None = None
    ) -> None:
        self.room = room
        self.key = key
        self.channel = channel
        self.payer = payer or Payer(room=room.name, member=key)

    @property
    def member(self) -> Member:
        """The member as the room currently knows it."""
        return self.room.member_of(self.key)

    @property
    def submitter(self) -> Submitter:
        """The member as the submitter of a job."""
        member, payer = self.member, self.payer
        return Submitter(self.key, member.member, member.name, payer.invite, payer.address)

    @property
    def is_removed(self) -> bool:
        """Whether the member was removed. Messages of a removed member have no effect."""
        return bool(self.room.identity(self.key).removed)

    def reply(self, message: ServerMessage) -> None:
        """Send a reply to the member."""
        if (frame := frame_of(message)) is not None:
            self.channel.put_reply(frame)

    @property
    def may_act(self) -> bool:
        """Whether the member is more than a viewer."""
        return not self.is_removed and Role(self.member.role) in ACTING_ROLES

    def require_acting(self) -> None:
        """Check that the member is more than a viewer.

        Raises:
            FrameError: the member is a viewer.
        """
        if not self.may_act:
            raise FrameError(Code.ROLE, "viewers watch; ask the host for an editor's invite")

    def require_host(self) -> None:
        """Check that the member is a host.

        Raises:
            FrameError: the member is not a host.
        """
        if self.member.role != Role.HOST:
            raise FrameError(Code.ROLE, "only a host does this")

    def job(self, job_id: str) -> Job:
        """Return a waiting or running job of the room.

        Raises:
            FrameError: there is no such job.
        """
        job = self.room.jobs.get(job_id)
        if job is None or job.is_finished:
            raise FrameError(Code.NO_SUCH_JOB, "the room has no such job that waits or runs")
        return job
