"""Commands for waiting and running programs: input, signals, the size of the terminal."""

import signal

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import STDIN_ECHO_MAX
from codesync_protocol.messages import (
    Cancel,
    Interrupt,
    Resize,
    StdinData,
    StdinEcho,
    StdinEnd,
    StdinHeld,
    StdinMode,
    StdinTaken,
    TakeStdin,
)
from codesync_server.jobs.job import Job
from codesync_server.jobs.queue import QueueFull
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms.commands.charges import CHANGES, TYPED, CommandCharges
from codesync_server.rooms.seat import Seat


class ProgramCommands:
    """Runs the commands of one member for programs of the room.

    Every method raises FrameError if the member may not give the command, or there is no such job
    that waits or runs.

    Args:
        seat: the member's place.
        scheduler: runs jobs.
        charges: charges the commands.
    """

    def __init__(self, seat: Seat, scheduler: Scheduler, charges: CommandCharges) -> None:
        self._seat = seat
        self._room = seat.room
        self._scheduler = scheduler
        self._charges = charges

    async def add_input(self, message: StdinData) -> None:
        """Add input. Shared input is shown to the room, which is charged first."""
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if job.input.mode is StdinMode.SHARED and self._holds_input(job):
            await self._charges.delay(TYPED)
            await self._charges.charge_deliveries(1)
        if not self._seat.is_removed:  # meanwhile
            self._add_input(message)

    def _add_input(self, message: StdinData) -> None:
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if not self._holds_input(job):
            # Input that was sent before another member took over is dropped.
            job.input.discard(self._seat.key, message.offset, message.data)
            self._seat.reply(StdinTaken(job.id, job.input.credited(self._seat.key)))
            raise _not_holder(job)
        new = job.input.check(self._seat.key, message.offset, message.data)
        try:
            self._scheduler.add_input(job, new)
        except QueueFull as error:
            raise FrameError(Code.STDIN_OVERFLOW, f"{error}; this input is dropped") from None
        fresh = job.input.accept(self._seat.key, message.offset, message.data)
        if len(fresh) < len(message.data):
            # Sent again after a reconnect: the confirmation may have been lost.
            self._seat.reply(StdinTaken(job.id, job.input.credited(self._seat.key)))
        if fresh and job.input.mode is StdinMode.SHARED:
            self._echo(job, fresh[:STDIN_ECHO_MAX])

    def end_input(self, message: StdinEnd) -> None:
        """Close the input."""
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if not self._holds_input(job):
            raise _not_holder(job)
        is_new = job.input.end(self._seat.key)
        if is_new and job.input.mode is StdinMode.SHARED:
            self._echo(job, b"", end=True)

    def take_input(self, message: TakeStdin) -> None:
        """Make the member the one who types into the program."""
        self._seat.require_acting()
        job = self._seat.job(message.job)
        if job.input.mode is not StdinMode.SHARED:
            raise FrameError(Code.STDIN_CLOSED, "this program's input is not shared")
        if self._holds_input(job):
            return
        self._charges.charge(CHANGES)
        who = self._seat.member
        job.typist = self._seat.submitter
        self._room.publish(lambda seq: StdinHeld(seq, job.id, who.member, who.name))

    def interrupt(self, message: Interrupt) -> None:
        """Send SIGINT."""
        self._seat.require_acting()
        session = self._seat.job(message.job).session
        if session is None:
            raise FrameError(Code.NO_SUCH_JOB, "the program does not run")
        session.signal(signal.SIGINT)

    def resize(self, message: Resize) -> None:
        """Set the size of the terminal."""
        job = self._seat.job(message.job)
        if job.submitter.key != self._seat.key:
            raise FrameError(Code.ROLE, "only its submitter sizes a program's terminal")
        job.window = (message.window.columns, message.window.rows)
        if job.session is not None:
            job.session.resize(*job.window)

    def cancel(self, message: Cancel) -> None:
        """Cancel the job."""
        self._seat.require_acting()
        self._scheduler.cancel(self._seat.job(message.job), self._seat.member.name)

    def _holds_input(self, job: Job) -> bool:
        return job.input.mode is not StdinMode.SHARED or job.holder.key == self._seat.key

    def _echo(self, job: Job, data: bytes, *, end: bool = False) -> None:
        who = self._seat.member

        def make(seq: int) -> StdinEcho:
            return job.stdin_log.add(
                lambda number: StdinEcho(
                    seq, job.id, who.member, who.name, data, end, job.output.published, number
                )
            )

        self._room.publish(make)


def _not_holder(job: Job) -> FrameError:
    reason = f"{job.holder.name} types into this program; take its input over first"
    return FrameError(Code.NOT_HOLDER, reason)
