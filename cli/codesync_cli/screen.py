"""Shows a room on the screen, and reports problems afterwards."""

import argparse
import os
from pathlib import Path

from codesync_cli.console.messages import print_error
from codesync_cli.exit_codes import ExitCode
from codesync_cli.version import AGENT
from codesync_client.connection.dial import DialOptions
from codesync_protocol.links import Link

SLOW_LINK = {
    "TEXTUAL_FPS": "10",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "TEXTUAL_COLOR_SYSTEM": "256",
}
"""Variables that make the screen write less; variables of the user have priority."""


def add_slow_link(parser: argparse.ArgumentParser) -> None:
    """Add --slow-link."""
    parser.add_argument(
        "--slow-link",
        action="store_true",
        help="write less to the terminal, for connections of a few kB/s: 10 frames per second, no"
        " animations, 256 colours (NO_COLOR=1 takes them away)",
    )


def use_slow_link() -> None:
    """Write less to the terminal. Call this before the library of the screen is imported."""
    for name, value in SLOW_LINK.items():
        os.environ.setdefault(name, value)


async def show(
    link: Link,
    *,
    name: str,
    options: DialOptions | None = None,
    join_line: str = "",
    file: Path | None = None,
    syncs_file: bool = False,
    is_room_persistent: bool = False,
) -> int:
    """Run the TUI until its user leaves.

    Args:
        link: the room.
        name: the wanted name of the member.
        options: options of the connection.
        join_line: the command for others to join, if this member may invite.
        file: a file to open.
        syncs_file: whether to sync this file with the room's text.
        is_room_persistent: whether the room is stored.

    Returns:
        The exit status.
    """
    from codesync_tui.app import CodeSyncApp

    app = CodeSyncApp(
        link,
        name=name,
        options=options,
        agent=AGENT,
        join_line=join_line,
        file=file,
        syncs_file=syncs_file,
        is_room_persistent=is_room_persistent,
    )
    status = await app.run_async()
    if app.failure is not None:
        print_error(app.failure.reason, app.failure.remedy)
        return ExitCode.FAILED
    return status or ExitCode.OK
