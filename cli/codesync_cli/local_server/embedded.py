"""A server of our own for as long as we live: `codesync serve` as a child that ends with us.

It is a process of its own, so that its work never waits for a screen being painted. It says how it
gets on in JSON lines on its stdout, and ends when its stdin does, however we came to our end.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from codesync_cli.process import import_path
from codesync_protocol.links import Link

READY_SECONDS = 1800.0
"""The first start builds the executor image, which takes minutes."""

END_SECONDS = 30.0


class EmbeddedFailed(Exception):
    """The server did not start; the message says why."""


@dataclass(frozen=True, slots=True)
class Links:
    """What an embedded server says of itself when it is ready.

    Attributes:
        link: lets us in as host.
        invite: lets others in as editors.
        is_kept: what happens in its rooms outlives it.
    """

    link: Link
    invite: Link
    is_kept: bool

    @classmethod
    def of(cls, ready: Mapping[str, Any]) -> "Links":
        """Read what `until_ready` returned."""
        return cls(Link.parse(ready["link"]), Link.parse(ready["invite"]), bool(ready["kept"]))


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded server.

    Attributes:
        links: lead to its room.
        process: the server.
    """

    links: Links
    process: asyncio.subprocess.Process

    def has_ended(self) -> bool:
        """Whether the server is gone before us: nobody will come back to it."""
        return self.process.returncode is not None


@asynccontextmanager
async def embedded_server(
    room: str,
    arguments: list[str],
    progress: Callable[[str], None],
    environment: Mapping[str, str] = {},
) -> AsyncGenerator[Embedded, None]:
    """Start a server, and end it when the block ends.

    Args:
        room: the room that we want links for.
        arguments: more arguments for `codesync serve`.
        progress: is told what takes long, a line at a time.
        environment: more environment variables: what others must not read.

    Yields:
        The links.

    Raises:
        EmbeddedFailed: it did not start.
    """
    process = await asyncio.create_subprocess_exec(
        *import_path.command("serve", "--embedded", "--room", room, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**import_path.environment(), **environment},
        start_new_session=True,  # ctrl+C is for us to handle
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_SECONDS):
            ready = await until_ready(process.stdout, progress)
        yield Embedded(Links.of(ready), process)
    except TimeoutError:
        raise EmbeddedFailed("the server did not get ready in time") from None
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            raise


async def until_ready(
    stdout: asyncio.StreamReader, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Read what a starting server says until it is ready; return what it says then.

    Raises:
        EmbeddedFailed: it did not start.
    """
    while line := await stdout.readline():
        said = json.loads(line)
        match said.get("event"):
            case "progress":
                progress(said["text"])
            case "ready":
                return dict(said)
            case "failed":
                raise EmbeddedFailed(said["text"])
            case _:
                pass
    raise EmbeddedFailed("the server ended before it was ready")
