"""Uses two real screens for minutes, to find crashes of native code.

Two `codesync join` type, choose languages, run programs, undo, scroll, search and open dialogs in
one room, in random order. They run with PYTHONMALLOC=debug, which fills freed memory, and with
faulthandler, so that a use of freed memory ends in a crash with a trace. Exits with 1 at the first.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":  # run as a file: say where the package lies
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import machine, show
from benchmarks.screen_bytes import ScreenBytes, screen
from benchmarks.server_process import server_process

CRASHED = b"the screen crashed"
ENTERED = "synced"
LEFT = b"\x1b[?1049l"

QUIET_MAX_SECONDS = 5.0
"""Seconds that a screen may write after keys, so that keys do not accumulate."""

KEPT_BYTES = 64 * 1024
"""Bytes of output that are kept of a screen."""

WORDS = (
    b"def f(x):\r",
    b"return x + 1\r",
    b"console.log(`${require('fs')}`);\r",
    b"int main() { return 0; }\r",
    b"print('hello')\r",
    "é🙂\r".encode(),
    b'"""',
)

ACTIONS = {
    "type": b"",
    "undo": b"\x1a\x1a\x1a",
    "redo": b"\x19",
    "select_and_delete": b"\x1b[1;2A\x1b[1;2A\x7f",
    "next_language": b"\x1bOQ\x1b[B\r",
    "previous_language": b"\x1bOQ\x1b[A\r",
    "run": b"\x1b[15~",
    "help": b"\x1bOP\x1b",
    "members": b"\x1bOR",
    "output": b"\x1bOS",
    "input": b"\x1b[18~",
    "palette": b"\x10\x1b",
    "find": b"\x06x\r\x1b",
    "page_up": b"\x1b[5~",
    "page_down": b"\x1b[6~",
    "paste": b"\x1b[200~" + b"value = [1, 2, 3]\n" * 20 + b"\x1b[201~",
}


async def use(on: ScreenBytes, chance: random.Random, until: float, done: dict[str, int]) -> bool:
    """Perform random actions at the speed of a fast user.

    Returns:
        Whether the screen survived.
    """
    while time.monotonic() < until:
        name = chance.choice(list(ACTIONS))
        keys = ACTIONS[name] or chance.choice(WORDS)
        for start in range(0, len(keys), 256):
            on.press(keys[start : start + 256])
        done[name] = done.get(name, 0) + 1
        with suppress(TimeoutError):  # a screen that keeps writing gets its next keys all the same
            async with asyncio.timeout(QUIET_MAX_SECONDS):
                await on.quiet()
        if CRASHED in on.written:
            sys.stderr.write(on.written[-2000:].decode(errors="replace"))
            return False
        del on.written[:-KEPT_BYTES]
    return True


async def leave(on: ScreenBytes) -> None:
    """Close dialogs, and leave after all keys are processed.

    Raises:
        TimeoutError: the screen does not end.
    """
    async with asyncio.timeout(300):
        while LEFT not in on.written:
            for key in (b"\x1b", b"\x11"):
                on.press(key)
                await asyncio.sleep(0.5)


async def soak(minutes: float, seed: int) -> dict[str, object]:
    """Run the screens; return the measurements."""
    done: dict[str, int] = {}
    async with server_process("--executor=local") as server:
        link = str(server.link("soak"))
        async with screen("join", link) as ana, screen("join", link) as ben:
            for each in (ana, ben):
                await each.until(ENTERED, 120)
            until = time.monotonic() + minutes * 60
            survived = await asyncio.gather(
                *(
                    use(each, random.Random(seed + number), until, done)
                    for number, each in enumerate((ana, ben))
                )
            )
            if all(survived):
                for each in (ana, ben):
                    await leave(each)
    return {"minutes": minutes, "seed": seed, "survived": all(survived), "actions": done}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with TemporaryDirectory() as home:
        os.environ |= {
            "HOME": home,
            "XDG_STATE_HOME": f"{home}/state",
            "XDG_DATA_HOME": f"{home}/data",
            "PYTHONMALLOC": "debug",
            "PYTHONFAULTHANDLER": "1",
        }
        os.chdir(home)  # keys may end up in a prompt for a file to save
        figures = asyncio.run(soak(args.minutes, args.seed))
        os.chdir("/")
    show({"machine": machine(), **figures}, as_json=args.json)
    return 0 if figures["survived"] else 1


if __name__ == "__main__":
    sys.exit(main())
