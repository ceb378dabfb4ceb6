"""Arriving bodies of submissions: received bytes are bounded and shared fairly. Pure.

Only received bytes count, not announced sizes. At a bound, a stalled upload is dropped first;
otherwise one of the room (within a room: the invite, within an invite: the address) that holds
most, if it holds more than the new upload's.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from codesync_protocol.limits import KIB, MIB

_Key = TypeVar("_Key")

SERVER_BYTES = 128 * MIB
ROOM_BYTES = 32 * MIB
MEMBER_BYTES = 24 * MIB
"""Two submissions of the largest size."""

BASE_BYTES = 16 * KIB
"""Memory of an upload before its body arrives: names and arguments."""

STALE_SECONDS = 30.0
"""Seconds without received bytes after which an upload counts as stalled."""


@dataclass(frozen=True, slots=True)
class Uploader:
    """The identities of an uploading member.

    Attributes:
        room: name of the room.
        invite: hash of the invite.
        member: client key.
        address: identity of the network address.
    """

    room: str
    invite: str
    member: str
    address: str = field(default="", compare=False)


@dataclass(slots=True)
class _Upload:
    owner: Uploader
    size: int
    moved_at: float
    drop: Callable[[], None]


class UploadsFull(Exception):
    """There is no space for more received bytes; the message states the limit."""


class Uploads:
    """All uploads of a server, the least recently active one first."""

    def __init__(self) -> None:
        self._uploads: OrderedDict[tuple[Uploader, str], _Upload] = OrderedDict()
        self._bytes = 0
        self._of_rooms: Counter[str] = Counter()  # sums of bytes, because each part needs them
        self._of_members: Counter[Uploader] = Counter()

    @property
    def received_bytes(self) -> int:
        """Bytes that all uploads hold."""
        return self._bytes

    def __len__(self) -> int:
        """Number of uploads."""
        return len(self._uploads)

    def hold(
        self, owner: Uploader, job: str, received: int, drop: Callable[[], None], now: float
    ) -> None:
        """Count the bytes that an upload has received so far.

        Args:
            owner: the uploading member.
            job: job id.
            received: number of received bytes of the body.
            drop: called if the upload is dropped; it is not counted any more then.
            now: time of a monotonic clock.

        Raises:
            UploadsFull: there is no space; the upload is not counted any more.
        """
        self.end(owner, job)
        size = received + BASE_BYTES
        if self._of_members[owner] + size > MEMBER_BYTES:
            raise UploadsFull(f"Your share of uploads is full ({MEMBER_BYTES // MIB} MB)")
        while self._of_rooms[owner.room] + size > ROOM_BYTES:
            if not self._drop(self._in_room(owner, size, now)):
                raise UploadsFull(f"This room's share of uploads is full ({ROOM_BYTES // MIB} MB)")
        while self._bytes + size > SERVER_BYTES:
            if not self._drop(self._in_server(owner, size, now)):
                raise UploadsFull(f"The server's uploads are full ({SERVER_BYTES // MIB} MB)")
        self._uploads[owner, job] = _Upload(owner, size, now, drop)
        self._count(owner, size)

    def end(self, owner: Uploader, job: str) -> None:
        """Stop counting an upload that is complete or abandoned."""
        if upload := self._uploads.pop((owner, job), None):
            self._count(owner, -upload.size)

    def _count(self, owner: Uploader, size: int) -> None:
        self._bytes += size
        _add(self._of_rooms, owner.room, size)
        _add(self._of_members, owner, size)

    def _of(self, room: str) -> Iterable[_Upload]:
        return (each for each in self._uploads.values() if each.owner.room == room)

    def _in_room(self, owner: Uploader, size: int, now: float) -> tuple[Uploader, str] | None:
        invites, addresses = Counter[str](), Counter[tuple[str, str]]()
        for each in self._of(owner.room):
            invites[each.owner.invite] += each.size
            addresses[each.owner.invite, each.owner.address] += each.size

        def of_address(upload: _Upload) -> int:
            return addresses[upload.owner.invite, upload.owner.address]

        return self._oldest(
            lambda upload: upload.owner.room == owner.room,
            now,
            lambda upload: (invites[upload.owner.invite], of_address(upload)),
            invites[owner.invite] + size,
        ) or self._oldest(
            lambda upload: (upload.owner.room, upload.owner.invite) == (owner.room, owner.invite),
            now,
            lambda upload: (of_address(upload),),
            addresses[owner.invite, owner.address] + size,
        )

    def _in_server(self, owner: Uploader, size: int, now: float) -> tuple[Uploader, str] | None:
        held = Counter[str]()
        for each in self._uploads.values():
            held[each.owner.room] += each.size
        return self._oldest(
            lambda _: True, now, lambda upload: (held[upload.owner.room],), held[owner.room] + size
        )

    def _oldest(
        self,
        concerns: Callable[[_Upload], bool],
        now: float,
        held_by: Callable[[_Upload], tuple[int, ...]],
        more_than: int,
    ) -> tuple[Uploader, str] | None:
        """Find the upload to drop: a stalled one, otherwise the oldest of the largest holder."""
        candidates = [(name, each) for name, each in self._uploads.items() if concerns(each)]
        if not candidates:
            return None
        name, first = candidates[0]
        if now - first.moved_at >= STALE_SECONDS:
            return name
        name, largest = max(candidates, key=lambda each: held_by(each[1]))
        return name if held_by(largest)[0] > more_than else None

    def _drop(self, name: tuple[Uploader, str] | None) -> bool:
        if name is None:
            return False
        upload = self._uploads[name]
        self.end(*name)
        upload.drop()
        return True


def _add(counter: Counter[_Key], key: _Key, amount: int) -> None:
    counter[key] += amount
    if not counter[key]:
        del counter[key]
