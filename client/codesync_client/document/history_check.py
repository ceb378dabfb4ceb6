"""Loads a history in a separate process first, which can be ended, to measure its cost.

The CRDT library cannot be interrupted. A hostile server can send a history that takes minutes or
gigabytes to load; the client would hang meanwhile.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress

from codesync_client.document.history_worker import REFUSED
from codesync_client.errors import CheckFailed
from codesync_protocol.errors import Code, FrameError

LOAD_SECONDS = 2.0
"""CPU time. A sound server renews a history that takes it longer than 0.3 s."""

WAIT_SECONDS = 10.0
"""How long the process may take on a busy machine. Nothing is read from the connection meanwhile;
the server must not take us for gone."""

REASON_MAX = 300


class TooCostly(Exception):
    """Loading the history takes too long.

    The server need not be hostile: a member can make such a history, and the server renews it when
    it checks the room's texts.
    """


async def check_history(state: bytes) -> int:
    """Check that a history can be loaded.

    Args:
        state: the texts with their history, as one Yjs update.

    Returns:
        The number of its structs and deleted ranges.

    Raises:
        FrameError: it must not be loaded.
        TooCostly: it must not be loaded; the server may renew it.
        CheckFailed: it could not be checked.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "codesync_client.document.history_worker",
        str(LOAD_SECONDS),
    ]
    try:
        worker = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        raise CheckFailed(f"no process can be started to load the room's texts: {error}") from None
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            out, _ = await worker.communicate(state)
    except TimeoutError:
        raise CheckFailed("this machine is too busy to load the room's texts") from None
    finally:
        if worker.returncode is None:
            with suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()
    answer = out.decode("utf-8", "replace")[:REASON_MAX]
    if worker.returncode == 0 and answer.isdecimal():
        return int(answer)
    if worker.returncode in (-signal.SIGPROF, -signal.SIGXCPU, -signal.SIGKILL):
        raise TooCostly
    why = answer.removeprefix(REFUSED) or "cannot be loaded"
    raise FrameError(Code.BAD_FRAME, f"the history of the room's texts {why}")
