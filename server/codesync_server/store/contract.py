"""What a store keeps. A job is accepted only once the store has it."""

from dataclasses import dataclass
from typing import Protocol

from codesync_protocol.verdict import Result


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is kept of an accepted job.

    Attributes:
        id: chosen by the submitter.
        room: the room's name.
        owner: client key of the submitter; only the same client may submit the id again.
        result: how it ended, once it has.
    """

    id: str
    room: str
    owner: str
    result: Result | None = None


class Store(Protocol):
    """Keeps what was accepted."""

    async def accept(self, record: JobRecord) -> JobRecord | None:
        """Keep a job that is about to be accepted.

        Args:
            record: the job.

        Returns:
            None, or the record that has this id already; then nothing is changed.
        """
        ...

    async def finish(self, job: str, result: Result) -> None:
        """Keep how a job ended; the first result counts."""
        ...

    async def forget(self, job: str) -> None:
        """Take back a job that was not accepted after all."""
        ...
