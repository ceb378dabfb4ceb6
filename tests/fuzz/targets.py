"""The fuzzed targets. Each accepts any bytes, and raises if the code breaks a promise.

A target lets pass the errors that its subject documents. Anything else that escapes is a finding.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import thread_time

from pycrdt import Doc, Text

from codesync_protocol.codec import decode_from_client, decode_from_server, encode
from codesync_protocol.errors import FrameError
from codesync_protocol.links import Link, LinkError, parse_server
from codesync_protocol.messages import ClientMessage, ServerMessage
from codesync_protocol.shared_text import SOURCE, TEXTS
from codesync_protocol.yjs_update import BadUpdate, read_update
from codesync_server.configuration.errors import SettingsError
from codesync_server.configuration.load import load
from codesync_server.documents.document import Document, EditRejected
from codesync_server.executors.request import RunnerStream
from codesync_server.executors.runner.wire import FRAME_MAX as RUNNER_FRAME_MAX
from codesync_server.executors.runner.wire import FromRunner
from codesync_server.executors.runner_report import read_report

EDIT_CPU_SECONDS = 1.0
"""A whole edit of at most INPUT_MAX bytes; a loose bound, since machines differ in speed."""

INPUT_MAX = 16 * 1024

AUTHOR = 7
"""The CRDT id under which the edits of a fuzzed document are applied."""


def _round_trip(decode: Callable[[bytes], ClientMessage | ServerMessage], data: bytes) -> None:
    try:
        message = decode(data)
    except FrameError:
        return
    again = decode(encode(message))
    assert again == message, f"{message} became {again}"


def client_frames(data: bytes) -> None:
    """A frame from a client is a message that survives another trip, or a FrameError."""
    _round_trip(decode_from_client, data)


def server_frames(data: bytes) -> None:
    """A frame from a server is a message that survives another trip, or a FrameError."""
    _round_trip(decode_from_server, data)


def runner_frames(data: bytes) -> None:
    """What a runner writes is cut into bounded frames, however it is split, or refused."""
    step = 1 + (data[0] if data else 0)
    stream, frames = RunnerStream(), list[tuple[bytes, bytes]]()
    with suppress(ValueError):
        for start in range(1, len(data), step):
            frames += stream.feed(data[start : start + step])
    for kind, payload in frames:
        assert len(payload) <= RUNNER_FRAME_MAX
        if kind == FromRunner.REPORT:
            with suppress(ValueError):
                read_report(payload)
    with suppress(ValueError):
        read_report(data)


def updates(data: bytes) -> None:
    """An update is read within its bytes, or refused as bad."""
    with suppress(BadUpdate):
        update = read_update(data)
        assert update.inserted <= len(data)
        assert len(update.deletions) <= len(data)


def edits(data: bytes) -> None:
    """An accepted edit costs little and keeps the document readable for newcomers."""
    document = Document()
    document.write(SOURCE, "print('hello')\n" * 20)
    began = thread_time()
    for edit in _split(data[:INPUT_MAX]):
        with suppress(EditRejected):
            document.apply(edit, AUTHOR)
    assert thread_time() - began < EDIT_CPU_SECONDS
    newcomer: Doc[Text] = Doc()
    for name in TEXTS:
        newcomer.get(name, type=Text)
    newcomer.apply_update(document.state())
    assert document.size == sum(len(text.encode()) for text in document.texts.values())


def _split(data: bytes) -> list[bytes]:
    """Cut the input into edits, each behind its length (2 bytes)."""
    parts: list[bytes] = []
    while len(data) > 2:
        end = 2 + int.from_bytes(data[:2], "big")
        parts.append(data[2:end])
        data = data[end:]
    return parts


def links(data: bytes) -> None:
    """A text is a link whose text means the same link, or a LinkError."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(LinkError):
        link = Link.parse(text)
        assert Link.parse(str(link)) == link, text
    with suppress(LinkError):
        server = parse_server(text)
        assert parse_server(server) == server, text


def settings(data: bytes) -> None:
    """A settings file, its variables and its flags are settings, or a SettingsError."""
    file, _, rest = data.partition(b"\0")
    variable, _, value = rest.decode("utf-8", "replace").partition("=")
    name = "CODESYNC_" + "".join(each for each in variable.upper() if each.isalnum() or each == "_")
    with tempfile.NamedTemporaryFile(dir=_memory()) as written:
        written.write(file)
        written.flush()
        with suppress(SettingsError):
            load(file=Path(written.name), environment={}, default_file=False)
    with suppress(SettingsError):
        load(environment={name: value}, default_file=False)
    with suppress(SettingsError):
        load(environment={}, sets=[rest.decode("utf-8", "replace")], default_file=False)


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "client_frames": client_frames,
    "server_frames": server_frames,
    "runner_frames": runner_frames,
    "updates": updates,
    "edits": edits,
    "links": links,
    "settings": settings,
}
"""The targets by name."""
