"""A room with members who edit over links that reorder, cut and lose. No sockets, no clock."""

from collections import deque
from collections.abc import Callable, Sequence

from codesync_client.document.change import Change
from codesync_client.document.history_worker import measure
from codesync_client.document.listener import Conflict
from codesync_client.document.shared_document import SharedDocument
from codesync_protocol.codec import decode_from_client, decode_from_server, encode
from codesync_protocol.errors import FrameError
from codesync_protocol.messages import (
    Caret,
    ClientMessage,
    DocumentReset,
    Edit,
    Edited,
    ExecutorInfo,
    FetchDocument,
    LimitsInfo,
    MemberCaret,
    Output,
    Queue,
    Role,
    Welcome,
)
from codesync_protocol.shared_text import SOURCE, TEXTS
from codesync_server.rooms.commands.edit import EditCommands
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat


class Wire:
    """The way from the server to one member, as an outbox orders it: states overtake events."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.events: deque[bytes] = deque()
        self.bulk: deque[Callable[[], bytes | None]] = deque()

    def put_reply(self, frame: bytes) -> None:
        self.states[f"reply {len(self.states)}"] = frame

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        if whole is not None and any(each.startswith(f"{kind} ") for each in self.states):
            frames = tuple(whole())
        for page, frame in enumerate(frames):
            self.states.pop(f"{kind} {page}", None)
            self.states[f"{kind} {page}"] = frame

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        self.events.append(frame)

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        self.bulk.append(make)
        return True

    def close(self, reason: str) -> None:
        pass

    def cut(self, last: bytes, reason: str) -> None:
        pass

    def take(self, *, prefers_bulk: bool) -> bytes | None:
        """The next frame that the member gets."""
        if self.states:
            return self.states.pop(next(iter(self.states)))
        if self.bulk and (prefers_bulk or not self.events):
            return self.bulk.popleft()()
        return self.events.popleft() if self.events else None


class View:
    """What a member sees: only ever changed by what it is told."""

    def __init__(self, document: SharedDocument) -> None:
        self.texts = dict.fromkeys(TEXTS, b"")
        self.conflicts: list[Conflict] = []
        self._document = document

    def document_loaded(self) -> None:
        self.texts = {name: self._document.text(name).encode() for name in TEXTS}

    def document_changed(self, change: Change) -> None:
        text = self.texts[change.text]
        for splice in change.splices:
            end = splice.at + splice.deleted
            text = text[: splice.at] + splice.inserted.encode() + text[end:]
        self.texts[change.text] = text

    def carets_moved(self) -> None:
        pass

    def member_joined(self) -> None:
        pass

    def document_in_conflict(self, conflict: Conflict) -> None:
        self.conflicts.append(conflict)


class Writer:
    """A member: its document, its view, and its connection, if it has one."""

    def __init__(self, room: Room, name: str) -> None:
        self.document = SharedDocument()
        self.view = View(self.document)
        self.document.attach(self.view)
        self.member = 0
        self._room = room
        self._key = name.encode().hex().ljust(32, "0")[:32]
        self._seq = 0
        self._epoch = ""
        self._wire: Wire | None = None
        self._up: deque[bytes] = deque()
        self._editing: EditCommands | None = None

    @property
    def is_connected(self) -> bool:
        return self._wire is not None

    def connect(self) -> None:
        """Come (back) into the room."""
        room, wire = self._room, Wire()
        member = room.enter(self._key, "somebody", Role.EDITOR, wire)
        self.member = member.member
        missed = room.log.since(self._epoch, self._seq) if self._epoch else None
        welcome = Welcome(
            version=1,
            room=room.name,
            epoch=room.log.epoch,
            seq=room.log.seq,
            resumed=missed is not None,
            member=member.member,
            role=Role.EDITOR,
            members=room.members,
            queue=Queue(),
            jobs=(),
            languages=(),
            limits=LimitsInfo(1, 1, 1, 1, 1),
            executor=ExecutorInfo("docker", sandboxed=True),
            edits_taken=room.identity(self._key).edits_taken,
        )
        for frame in missed or ():
            wire.put_event(frame)
        self._wire, self._editing = wire, EditCommands(Seat(room, self._key, wire))
        self._epoch = welcome.epoch
        self._seq = self._seq if welcome.resumed else welcome.seq
        self.document.enter(welcome)

    def return_to(self, room: Room) -> None:
        """Come back, after the server was started anew."""
        self.cut()
        self._room, self._epoch = room, ""
        self.connect()

    def cut(self) -> None:
        """Lose the connection, and all that is on its way in both directions."""
        if self._wire is not None:
            self._room.leave(self._key, self._wire, 0.0)
            self._wire = self._editing = None
            self._up.clear()

    def write(self, at: int, deleted: int, inserted: str, name: str = SOURCE) -> None:
        """Edit at a character."""
        text = self.view.texts[name].decode()
        start = at % (len(text) + 1)
        begin = len(text[:start].encode())
        gone = len(text[start : start + deleted].encode())
        self.document.edit(name, begin, gone, inserted)

    def send(self, most: int = 1 << 30) -> None:
        """Put on the way what there is to send."""
        if self.is_connected:
            for message in self.document.parts():
                self._up.append(encode(message))
                most -= 1
                if not most:
                    return

    def arrive_at_server(self, most: int = 1 << 30) -> None:
        """Let the server read."""
        while self._up and most > 0:
            self._serve(decode_from_client(self._up.popleft()))
            most -= 1

    def _serve(self, message: ClientMessage) -> None:
        assert self._editing
        match message:
            case Edit():
                self._editing.edit(message)
            case FetchDocument():
                try:
                    self._editing.fetch(message)
                except FrameError as error:
                    raise AssertionError(error.reason) from error
            case Caret():
                room = self._room
                room.carets[self.member] = MemberCaret(
                    self.member, message.base, message.anchor, message.head
                )
                room.send_carets([self.member])
            case _:
                raise AssertionError(f"{message} does not belong here")

    def read(self, most: int = 1 << 30, *, prefers_bulk: bool = False) -> None:
        """Read what has come."""
        while self._wire is not None and most > 0:
            frame = self._wire.take(prefers_bulk=prefers_bulk)
            if frame is None:
                return
            message = decode_from_server(frame)
            if isinstance(message, Edited | DocumentReset | Output):
                if message.seq <= self._seq:
                    continue
                self._seq = message.seq
            self.document.receive(message)
            if (history := self.document.unchecked_history) is not None:
                # A client measures it in a process of its own; these rooms are not hostile.
                self.document.history_checked(measure(history))
            most -= 1


def settle(writers: list[Writer]) -> None:
    """Everybody comes back, and everything arrives."""
    for writer in writers:
        if not writer.is_connected:
            writer.connect()
    for _ in range(12):
        for writer in writers:
            writer.read()
            writer.send()
            writer.arrive_at_server()
    for writer in writers:
        writer.read()
        assert writer.document.unsent == 0
