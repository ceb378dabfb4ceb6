"""The embedded server: `codesync serve` as a child process that ends with its parent.

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
    """The server did not start; the message states the reason."""


@dataclass(frozen=True, slots=True)
class Links:
    """The report of an embedded server that is ready.

    Attributes:
        link: the link for the host.
        invite: the link for editors.
        is_kept: whether its rooms are stored.
    """

    link: Link
    invite: Link
    is_kept: bool

    @classmethod
    def of(cls, ready: Mapping[str, Any]) -> "Links":
        """Parse the report that `until_ready` returned."""
        return cls(Link.parse(ready["link"]), Link.parse(ready["invite"]), bool(ready["kept"]))


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded server.

    Attributes:
        links: the links of its room.
        process: the server.
    """

    links: Links
    process: asyncio.subprocess.Process

    def has_ended(self) -> bool:
        """Whether the server has ended, so that nobody can return to it."""
        return self.process.returncode is not None


@asynccontextmanager
async def embedded_server(
    room: str,
    arguments: list[str],
    progress: Callable[[str], None],
    environment: Mapping[str, str] = {},
) -> AsyncGenerator[Embedded, None]:
    """Run a server during the block.

    Args:
        room: the room of the links.
        arguments: more arguments for `codesync serve`.
        progress: called with lines about slow steps.
        environment: more environment variables, for values that other users must not read.

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
    """Read the output of a starting server; return its report when it is ready.

    Raises:
        EmbeddedFailed: it did not start.
    """
    while line := await stdout.readline():
        message = json.loads(line)
        match message.get("event"):
            case "progress":
                progress(message["text"])
            case "ready":
                return dict(message)
            case "failed":
                raise EmbeddedFailed(message["text"])
            case _:
                pass
    raise EmbeddedFailed("the server ended before it was ready")
