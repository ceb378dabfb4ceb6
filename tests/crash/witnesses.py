"""Members who act continuously and record the promises of the server."""

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress

from codesync_client import ClientError, Room, Submission
from codesync_protocol.links import Link
from codesync_protocol.messages import Finished, Saving
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import Result

PROGRAMS = (
    "print('{token}')",
    "import time; time.sleep({pause}); print('{token}')",
    "print('{token}', flush=True); import time; time.sleep({pause})",
    "import sys; sys.exit(3)",
)


_WORD = re.compile(r"<[^<>]+>")


class Promises:
    """What a server has promised in all its lives.

    Attributes:
        accepted: ids of accepted jobs, by submitter, in the order of their acceptance.
        ended: how jobs ended, as anybody was told; more than one way is a broken promise.
        tokens: texts of which the typist was told that the server has them, by room.
        refused: why submissions were not accepted.
        unsaved: how often somebody was told that nothing is kept; what is told then is no promise.
        prints: what an accepted job prints, once, if it ends by itself.
        conflicts: why typists were asked what is to become of their words, instead of a promise.
        count: how many words and jobs were acknowledged.
        life: which life of the server it is.
        losses: what typists missed when they were back, and in which life, a sentence each.
    """

    def __init__(self) -> None:
        self.accepted: defaultdict[str, list[str]] = defaultdict(list)
        self.ended: defaultdict[str, set[Result]] = defaultdict(set)
        self.tokens: defaultdict[str, set[str]] = defaultdict(set)
        self.prints: dict[str, bytes] = {}
        self.unsaved = 0
        self.refused: Counter[str] = Counter()
        self.conflicts: Counter[str] = Counter()
        self.count = self.life = 0
        self.losses: list[str] = []
        self._missed: set[str] = set()

    def miss(self, who: str, room: str, text: str) -> None:
        """Write down which words of a room somebody misses that nobody has missed before.

        Args:
            who: their name.
            room: the room's name.
            text: what they have of it.
        """
        missed = self.tokens[room].difference(_WORD.findall(text)) - self._missed
        self.losses += (f"{who} misses {word} in life {self.life}" for word in sorted(missed))
        self._missed |= missed


class Witness:
    """One member, who comes back after every cut.

    Args:
        link: the room.
        name: their name.
        promises: where they write down what they were promised.
        chance: decides what they do.
    """

    def __init__(self, link: Link, name: str, promises: Promises, chance: random.Random) -> None:
        self.room = Room(link, name=name, agent="test", shares_text=True)
        self._name = name
        self._promises = promises
        self._chance = chance
        self._count = 0

    async def watch(self) -> None:
        """Write down how jobs end, until the room is left."""
        async for event in self.room.events():
            if isinstance(event, Saving) and event.trouble:
                self._promises.unsaved += 1
            if isinstance(event, Finished) and not self.room.unsaved:
                self._promises.ended[event.job].add(event.result)

    async def type(self, goes_on: Callable[[], bool]) -> None:
        """Type a word, wait until the server has it, and so on."""
        document = self.room.document
        await self.room.text_settled()
        life = self._promises.life
        while goes_on():
            if life != self._promises.life and self.room.document.is_settled:
                life = self._promises.life
                self._promises.miss(self._name, self.room.link.room, document.text(SOURCE))
            self._count += 1
            token = f"<{self._name}-{self._count}>"
            end, conflict = len(document.text(SOURCE).encode()), document.conflict
            document.edit(SOURCE, self._chance.choice((0, end)), 0, token)
            await self.room.text_settled()
            if document.conflict is not conflict:
                assert document.conflict
                reason = f"{self._name} in life {self._promises.life}: {document.conflict.reason}"
                self._promises.conflicts[reason] += 1
            elif not self.room.unsaved:
                self._promises.tokens[self.room.link.room].add(token)
                self._promises.count += 1
            await asyncio.sleep(self._chance.uniform(0.0, 0.02))

    async def submit(self, goes_on: Callable[[], bool]) -> None:
        """Submit a program, and cancel it perhaps, and so on."""
        while goes_on():
            self._count += 1
            token = f"{self._name}-{self._count}"
            pause = self._chance.uniform(0.0, 0.3)
            program = self._chance.choice(PROGRAMS).format(token=token, pause=pause)
            submission = Submission("python", [("main.py", program.encode())])
            try:
                await self.room.submit(submission)
            except ClientError as error:
                self._promises.refused[error.reason] += 1
                await asyncio.sleep(0.05)
                continue
            self._promises.accepted[self._name].append(submission.job)
            self._promises.count += 1
            if "exit" not in program:
                self._promises.prints[submission.job] = f"{token}\n".encode()
            if self._chance.random() < 0.2:
                with suppress(ClientError):
                    self.room.cancel(submission.job)
            await asyncio.sleep(self._chance.uniform(0.0, 0.1))
