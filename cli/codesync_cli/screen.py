"""Puts the room on the screen, and says afterwards what went wrong, if something did."""

from pathlib import Path

from codesync_cli.exit_codes import ExitCode
from codesync_cli.version import AGENT
from codesync_cli.voice import complain
from codesync_client.dial import DialOptions
from codesync_protocol.links import Link


async def show(
    link: Link,
    *,
    name: str,
    options: DialOptions | None = None,
    join_line: str = "",
    file: Path | None = None,
    keeps_in_step: bool = False,
) -> int:
    """Run the TUI until its user leaves.

    Args:
        link: the room.
        name: what we want to be called.
        options: how to connect.
        join_line: what others type to join, if we may tell them.
        file: a file to open.
        keeps_in_step: keep that file in step with the room's text, both ways.

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
        keeps_in_step=keeps_in_step,
    )
    status = await app.run_async()
    if app.failure is not None:
        complain(app.failure.reason, app.failure.remedy)
        return ExitCode.FAILED
    return status or ExitCode.OK
