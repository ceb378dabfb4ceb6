"""Initial inputs of the fuzzer: valid ones of every type that a target accepts."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import inspect
from pycrdt import Doc, Text

from codesync_protocol.codec import encode
from codesync_protocol.shared_text import SOURCE
from codesync_server.configuration.keys import declared
from codesync_server.executors.runner.wire import HEADER, FromRunner
from tests.fuzz.targets import AUTHOR
from tests.protocol.strategies import CLIENT_KINDS, SERVER_KINDS, int_bounds


def client_frames() -> Iterator[bytes]:
    """One frame of each kind that a client sends."""
    for kind in CLIENT_KINDS:
        yield encode(_smallest(inspect.type_info(kind)))


def server_frames() -> Iterator[bytes]:
    """One frame of each kind that a server sends."""
    for kind in SERVER_KINDS:
        yield encode(_smallest(inspect.type_info(kind)))


def _smallest(kind: inspect.Type) -> Any:
    """Make a small value of a type that is within its bounds."""
    match kind:
        case inspect.Metadata(type=bounded):
            return _smallest(bounded)
        case inspect.BoolType():
            return False
        case inspect.IntType():
            return int_bounds(kind)[0]
        case inspect.FloatType():
            return 0.5
        case inspect.StrType(pattern=str() as pattern):
            return next(text for text in ("room", "0" * 32, "") if re.match(pattern, text))
        case inspect.StrType(min_length=shortest):
            return "a" * max(1, shortest or 0)
        case inspect.BytesType(min_length=shortest):
            return b"a" * max(1, shortest or 0)
        case inspect.EnumType(cls=enum):
            return next(iter(enum))
        case inspect.NoneType():
            return None
        case inspect.UnionType(types=types):
            return _smallest(types[0])
        case inspect.VarTupleType(item_type=item):
            return (_smallest(item),)
        case inspect.StructType(cls=struct, fields=fields):
            return struct(**{field.name: _smallest(field.type) for field in fields})
        case _:
            raise ValueError(f"no small value of {kind}")


def runner_frames() -> Iterator[bytes]:
    """Frames of a runner: output, states, a report."""
    report = (
        b'{"stages":[{"name":"run","wall":0.1,"cpu":0.1,"status":0,"killed_for":"",'
        b'"oom_kills":0,"peak":1,"source":"v1","output_bytes":1}],"error":""}'
    )
    frames = (
        (FromRunner.STAGE_BEGAN, b"run"),
        (FromRunner.STDOUT, b"hello\n"),
        (FromRunner.AWAITS_INPUT, b"\1"),
        (FromRunner.STDIN_TAKEN, bytes(8)),
        (FromRunner.REPORT, report),
    )
    yield b"\7" + b"".join(HEADER.pack(kind, len(data)) + data for kind, data in frames)
    yield report


def updates() -> Iterator[bytes]:
    """Updates of an author who inserts, deletes, and replaces."""
    doc: Doc[Text] = Doc(client_id=AUTHOR)
    text = doc.get(SOURCE, type=Text)
    for place, removed, inserted in ((0, 0, "hello"), (2, 0, "äö\U0001f600"), (1, 1, "")):
        before = doc.get_state()
        del text[place : place + removed]
        text.insert(place, inserted)
        yield doc.get_update(before)
    yield doc.get_update()


def edits() -> Iterator[bytes]:
    """The same updates as edits one behind the other."""
    yield b"".join(len(update).to_bytes(2, "big") + update for update in list(updates())[:3])


def links() -> Iterator[bytes]:
    """Links and addresses in every spelling that is allowed."""
    yield from (
        b"ws://127.0.0.1:4000/brave-otter-412#token",
        b"wss://example.org/room-1#MXxi.sig",
        b"example.org:4000/room#t",
        b"WS://[::1]:4000/room",
        b"http://example.org:99999/",
    )


def settings() -> Iterator[bytes]:
    """Settings files with a variable behind each."""
    yield b'host = "::"\nport = 0\n[limits.run]\nwall = 10\n\0PORT=4000'
    yield b'[caps]\nmemory = "512MB"\n\0limits.run.wall=2'
    for key in declared():
        yield f"{key} = 1\n\0{key.upper().replace('.', '_')}=auto".encode()


SEEDS: Mapping[str, Callable[[], Iterator[bytes]]] = {
    "client_frames": client_frames,
    "server_frames": server_frames,
    "runner_frames": runner_frames,
    "updates": updates,
    "edits": edits,
    "links": links,
    "settings": settings,
}
"""The seeds of each target, by its name."""
