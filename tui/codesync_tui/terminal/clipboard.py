"""Copies text to tmux's buffer and to a file."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

TMUX_SECONDS = 2.0
"""The timeout for tmux."""


async def copy_to_tmux(text: str) -> bool:
    """Copy text to tmux's buffer; tmux passes it on to the outer terminal's clipboard.

    tmux ignores OSC 52 from programs by default; `load-buffer -w` (3.2 and newer) gets through.

    Args:
        text: what to copy.

    Returns:
        Whether tmux copied it; False outside tmux.
    """
    if not os.environ.get("TMUX"):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return False
    try:
        async with asyncio.timeout(TMUX_SECONDS):
            await process.communicate(text.encode("utf-8", "replace"))
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode == 0


def copy_to_file(text: str) -> Path | None:
    """Write text to a file of mode 0600, for terminals that refuse to copy.

    Args:
        text: what to copy.

    Returns:
        The file (in the user's state directory, see XDG Base Directory); None when it cannot be
        written. It blocks: call it off the event loop.
    """
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    file = Path(state) / "codesync" / "clipboard"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(file, flags, 0o600), "wb") as opened:
            os.fchmod(opened.fileno(), 0o600)  # the file may have existed with other permissions
            opened.write(text.encode("utf-8", "replace"))
    except OSError:
        return None
    return file
