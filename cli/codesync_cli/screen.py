"""Puts the room on the screen, and says afterwards what went wrong, if something did."""

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
"""What makes the screen write less; what the user's environment says goes before it."""


def add_slow_link(parser: argparse.ArgumentParser) -> None:
    """Add --slow-link."""
    parser.add_argument(
        "--slow-link",
        action="store_true",
        help="write less to the terminal, for connections of a few kB/s: 10 frames per second, no"
        " animations, 256 colours (NO_COLOR=1 takes them away)",
    )


def use_slow_link() -> None:
    """Write less to the terminal; to be called before the screen's library is imported."""
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
        name: what we want to be called.
        options: how to connect.
        join_line: what others type to join, if we may tell them.
        file: a file to open.
        syncs_file: keep that file in step with the room's text, both ways.
        is_room_persistent: the room's text is there when it is opened again.

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
