"""Reads the events of a room in the background, as a screen does."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from codesync_client import JobOutput, Room, RoomEvent
from codesync_protocol.messages import Finished, Started, StdinEcho, Stream, Submitted
from tests.waiting import eventually

_Event = TypeVar("_Event", bound=RoomEvent)


class Watcher:
    """Somebody who reads all events of a room as they come, and remembers them.

    Attributes:
        room: the room.
        events: what was read so far.
        over: no more will come.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.events: list[RoomEvent] = []
        self.over = False

    async def read(self) -> None:
        """Read until no more will come."""
        async for event in self.room.events():
            self.events.append(event)
        self.over = True

    def of(self, kind: type[_Event]) -> list[_Event]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def output(self, job: str, stream: Stream = Stream.STDOUT) -> bytes:
        """What a job wrote."""
        return b"".join(
            event.data
            for event in self.of(JobOutput)
            if event.job == job and event.stream is stream
        )

    def story(self) -> list[RoomEvent]:
        """What happened in the room, without what is the reader's own affair."""
        kinds = Submitted | Started | JobOutput | StdinEcho | Finished
        return [event for event in self.events if isinstance(event, kinds)]

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so."""
        try:
            await eventually(is_so)
        except TimeoutError:
            raise AssertionError(f"it did not happen; there was: {self.events[-20:]}") from None

    async def until_any(self, kind: type[_Event]) -> _Event:
        """Wait for an event of a kind; gives the first one."""
        await self.until(lambda: self.of(kind))
        return self.of(kind)[0]

    async def until_finished(self, job: str) -> Finished:
        """Wait for the end of a job."""
        await self.until(lambda: any(event.job == job for event in self.of(Finished)))
        return next(event for event in self.of(Finished) if event.job == job)


@asynccontextmanager
async def watching(room: Room) -> AsyncGenerator[Watcher, None]:
    """Enter a room and read its events while the block lasts."""
    async with room:
        watcher = Watcher(room)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(watcher.read())
            yield watcher
            reading.cancel()
