"""Commands of hosts: invite members, change roles, remove members."""

import time

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.messages import Invite, MakeInvite, Notice, RemoveMember, Role, SetRole
from codesync_server.access.invites import LIFETIME_SECONDS, InviteSigner
from codesync_server.access.payer import SERVER_TOKEN
from codesync_server.rooms.seat import Seat

_ARTICLES = {Role.HOST: "a", Role.EDITOR: "an", Role.VIEWER: "a"}


class HostCommands:
    """Runs the host commands of one member."""

    def __init__(self, seat: Seat, signer: InviteSigner) -> None:
        self._seat = seat
        self._signer = signer
        self._room = seat.room

    def invite(self, message: MakeInvite) -> None:
        """Sign an invite that is newer than all decisions about links so far.

        Raises:
            FrameError: the member is not a host, or asks for a host's invite without having the
                server's token.
        """
        self._seat.require_host()
        if message.role is Role.HOST and self._seat.payer.invite != SERVER_TOKEN:
            raise FrameError(
                Code.ROLE,
                "invites for hosts are made only with the server's token: codesync invite",
            )
        membership, lifetime = self._room.membership, message.lifetime or LIFETIME_SECONDS
        token = self._signer.invite(
            self._room.name, message.role, lifetime=lifetime, after=membership.links_after
        )
        membership.note_invite(max(time.time(), membership.links_after) + 0.002)
        self._seat.reply(Invite(message.role, token))

    def set_role(self, message: SetRole) -> None:
        """Change the role of a guest; a guest that has left has the new role when it returns.

        Raises:
            FrameError: the member is not a host, or there is no such guest.
        """
        self._seat.require_host()
        key = self._guest(message.member)
        kept = self._room.set_role(key, message.role)
        name = self._room.identity(key).name
        text = f"{self._seat.member.name} made {name} {_ARTICLES[message.role]} {message.role}"
        if message.role is Role.VIEWER:
            text += "; who comes by an older link is one, too"
        self._room.after(kept, lambda: self._room.notify(Notice("info", text)))

    def remove(self, message: RemoveMember) -> None:
        """Remove a guest permanently, also one that has left in the meantime.

        Raises:
            FrameError: the member is not a host, or there is no such guest.
        """
        self._seat.require_host()
        key = self._guest(message.member)
        name, host = self._room.identity(key).name, self._seat.member.name
        kept = self._room.remove(key, f"{host} removed you from the room")
        text = f"{host} removed {name} from the room; older links let nobody in any more"
        self._room.after(kept, lambda: self._room.notify(Notice("info", text)))

    def _guest(self, member: int) -> str:
        key = self._room.membership.key_of(member)
        if key is None:
            raise FrameError(Code.ROLE, "there is no such member in this room")
        known = self._room.identity(key)
        if (known.role or known.entered_as) is Role.HOST:
            raise FrameError(Code.ROLE, "hosts are equals: their role stays, and so do they")
        return key
