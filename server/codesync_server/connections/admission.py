"""From a hello to a seat in a room, or to a refusal that says why."""

import asyncio
from typing import NamedTuple

from codesync_protocol import version
from codesync_protocol.errors import Code
from codesync_protocol.messages import Hello, Refused, Role
from codesync_protocol.names import is_room_name
from codesync_server.access.exhausted import Exhausted
from codesync_server.access.invites import InviteDesk
from codesync_server.access.payer import Payer
from codesync_server.access.throttle import Throttle
from codesync_server.rooms.identity import fingerprint
from codesync_server.rooms.registry import Rooms, RoomUnavailable, TooManyRooms
from codesync_server.rooms.room import Room

WRONG_TOKENS_BURST = 10
WRONG_TOKENS_PER_SECOND = 0.2


class Admitted(NamedTuple):
    """Somebody may enter.

    Attributes:
        room: where.
        role: as what.
        issued: when their invite was made; None for the server's token.
        version: which version of the protocol they are spoken to in.
        payer: the identities that their use of the server is charged to.
    """

    room: Room
    role: Role
    issued: float | None
    version: int
    payer: Payer


class Doorkeeper:
    """Decides who may enter which room.

    Args:
        rooms: the rooms.
        invites: knows tokens.

    Attributes:
        draining: nobody may enter any more.
    """

    def __init__(self, rooms: Rooms, invites: InviteDesk) -> None:
        self.draining = False
        self._rooms = rooms
        self._invites = invites
        self._wrong_tokens = Throttle(WRONG_TOKENS_BURST, WRONG_TOKENS_PER_SECOND)

    async def admit(self, hello: Hello, address: str) -> "Admitted | Refused":
        """Decide.

        Args:
            hello: what the client says.
            address: identity of its network address (`address_identity`).

        Returns:
            What they may do where; or the refusal.
        """
        agreed = version.agree(hello.oldest, hello.newest)
        if agreed is None:
            return self._refuse(
                Code.VERSION,
                f"this server speaks protocol versions {version.OLDEST} to {version.NEWEST},"
                f" you speak {hello.oldest} to {hello.newest}",
                "install CodeSync from the same checkout or wheel on both sides",
            )
        if self.draining:
            return self._refuse(
                Code.DRAINING, "the server is shutting down", "try again in a minute"
            )
        if not is_room_name(hello.room):
            return self._refuse(
                Code.ROOM_NAME,
                "a room's name is 3 to 64 of a-z, 0-9 and hyphen",
                "choose another name",
            )
        now = asyncio.get_running_loop().time()
        grant = self._invites.check(hello.token, hello.room)
        if grant is None and not self._wrong_tokens.allow(address, now):
            return self._refuse(
                Code.BUSY,
                "too many wrong tokens came from your address",
                "wait a minute, then try again with the right one",
            )
        if grant is None:
            return self._refuse(
                Code.TOKEN,
                "the token is missing or wrong, or the invite has expired or is for another room",
                "ask the host for a new link",
            )
        try:
            room = await self._rooms.open(hello.room, now, Payer(address, grant.invite))
        except TooManyRooms as error:
            return self._refuse(Code.BUSY, str(error), "Try again in a minute.")
        except Exhausted as error:
            return self._refuse(Code.BUSY, error.reason)
        except RoomUnavailable as error:
            return self._refuse(Code.BUSY, str(error), "try again in a minute")
        if barred := room.roll.bars(fingerprint(hello.key), grant.issued):
            return self._refuse(Code.REMOVED, barred, "ask the host for a new link")
        payer = Payer(address, grant.invite, hello.room, fingerprint(hello.key))
        return Admitted(room, grant.role, grant.issued, agreed, payer)

    def _refuse(self, code: Code, reason: str, remedy: str = "") -> Refused:
        return Refused(code, reason, remedy, version.OLDEST, version.NEWEST)
