"""`codesync run FILE`: run a program in a sandbox like the program itself."""

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from codesync_cli.console.input import read_chunks
from codesync_cli.console.json_result import JsonResult
from codesync_cli.console.messages import print_error, print_note
from codesync_cli.console.output import OutputClosed, Pipe
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode, of_result
from codesync_cli.local_server.embedded import EmbeddedFailed, embedded_server
from codesync_cli.local_server.limit_flags import (
    LimitError,
    add_limits,
    as_caps,
    less_than_asked,
    parse_limits,
)
from codesync_cli.local_server.settings_flags import add_settings, as_arguments, load_settings
from codesync_cli.process import extras
from codesync_cli.target_room import room_names, target
from codesync_cli.target_room.submitting import WAIT_SECONDS, RetryingSubmitter, SubmissionCancelled
from codesync_cli.version import AGENT
from codesync_client import (
    ClientError,
    Disconnected,
    JobOutput,
    Offline,
    OutputSkipped,
    Room,
    Submission,
    SubmissionRejected,
    detect_language,
)
from codesync_protocol.errors import Code
from codesync_protocol.limits import CELLS_MAX
from codesync_protocol.links import Link
from codesync_protocol.messages import (
    Finished,
    JobSummary,
    RunLimits,
    StdinMode,
    Stream,
    Submitted,
    Window,
)
from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration import LoadedSettings, SettingsError

DESCRIPTION = """\
Run a program in a sandbox, with the stdin, stdout, stderr and exit status of this command. Without
--server, the command starts a server for the time of the run.
"""
EPILOG = """\
exit status: the program's own; 128+N when signal N ended it; otherwise
    2  invalid arguments, or FILE cannot be read
   75  the queue was full for the whole time of --wait; try again later
  120  the source does not compile          123  the job was lost
  121  memory limit exceeded                124  time limit exceeded
  122  output limit exceeded                125  CodeSync could not run the program
  130  the program was cancelled (ctrl+C)
A line on stderr states the reason.

ctrl+C cancels the program. If stdin and stdout are a terminal, the first ctrl+C sends SIGINT to the
program, and the second one cancels it. ctrl+D ends its input.
"""
WAIT_MAX = 86_400
BAD_SUBMISSION = frozenset({Code.LANGUAGE, Code.TOO_LARGE, Code.BAD_SUBMISSION})


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync run",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="codesync run FILE [options] [ARGS...] [-- ARGS...]",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the program")
    parser.add_argument(
        "args",
        metavar="ARGS",
        nargs="*",
        help="arguments of the program; write -- before arguments that begin with -",
    )
    parser.add_argument("--language", metavar="L", help="language (default: from the name of FILE)")
    parser.add_argument("--stdin", metavar="F", type=Path, help="read stdin from this file")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument(
        "--raw",
        action="store_true",
        help="pass all control sequences of the program to this terminal, not only colours",
    )
    parser.add_argument(
        "--wait",
        metavar="S",
        type=seconds,
        default=WAIT_SECONDS,
        help="seconds to try again while the queue is full (default: 60; 0: do not try again)",
    )
    target.add_arguments(parser, required=False)
    add_limits(parser)
    add_settings(parser, with_address=False)
    return parser


def seconds(text: str) -> float:
    """Read a number of seconds.

    Raises:
        ArgumentTypeError: the text is no such number.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= WAIT_MAX:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0 to {WAIT_MAX}")
    return value


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        source = args.file.read_bytes()
    except OSError as error:
        print_error(f"cannot read {args.file}: {error.strerror}")
        return ExitCode.USAGE
    try:
        stdin = os.open(args.stdin, os.O_RDONLY) if args.stdin else 0
    except OSError as error:
        print_error(f"--stdin: cannot read {args.stdin}: {error.strerror}")
        return ExitCode.USAGE
    try:
        return asyncio.run(_run(args, source, stdin))
    except (target.TargetError, LimitError, SettingsError) as error:
        print_error(str(error))
        return ExitCode.USAGE
    except (ClientError, EmbeddedFailed) as error:
        return _failed(error)


def _failed(error: ClientError | EmbeddedFailed) -> int:
    if isinstance(error, EmbeddedFailed):
        print_error(str(error))
        return ExitCode.FAILED
    print_error(error.reason, error.remedy)
    if isinstance(error, SubmissionRejected):
        if error.code in BAD_SUBMISSION:
            return ExitCode.USAGE
        if error.retry_in or error.code is Code.QUEUE_FULL:
            return ExitCode.TRY_LATER
    return ExitCode.FAILED


async def _run(args: argparse.Namespace, source: bytes, stdin: int) -> int:
    limits = parse_limits(args.limit)
    async with _link(args, limits) as (link, has_ended):
        async with Room(
            link, name=target.name(args), options=target.options(args), agent=AGENT
        ) as room:
            language = args.language or detect_language(args.file.name, room.languages)
            if room.welcome.executor.banner:
                print_note(f"warning: {room.welcome.executor.banner}")
            interactive = os.isatty(stdin) and os.isatty(1) and not args.json
            submission = Submission(
                language=language,
                files=[(args.file.name, source)],
                args=[os.fsencode(arg) for arg in args.args],
                stdin=StdinMode.PIPED,
                tty=interactive,
                window=_window() if interactive else Window(),
                limits=limits,
            )
            return await _Run(
                room,
                submission,
                raw=args.raw,
                as_json=args.json,
                wait=args.wait,
                has_ended=has_ended,
            ).run(stdin)


@asynccontextmanager
async def _link(
    args: argparse.Namespace, limits: RunLimits
) -> AsyncGenerator[tuple[Link, Callable[[], bool]], None]:
    """Yield a link, and a function that tells whether the server has ended."""
    if args.server:
        yield target.link(args), lambda: False
        return
    extras.require_extra("server")
    # One job needs one container, created on demand.
    settings = _own_settings(args, limits)
    arguments = [
        *as_arguments(settings, throw_away=True),
        "--port=0",
        "--max-concurrent=1",
        "--pool-size=0",
    ]
    async with embedded_server(room_names.new_room_name(), arguments, print_note) as server:
        yield server.links.link, server.has_ended


def _own_settings(args: argparse.Namespace, limits: RunLimits) -> LoadedSettings:
    """Return the settings of the embedded server, with caps that allow the requested limits."""
    settings = load_settings(args, embedded=True)
    caps = as_caps(limits, settings.settings)
    return load_settings(args, embedded=True, sets=caps) if caps else settings


class _Run:
    """One submission, until its verdict."""

    def __init__(
        self,
        room: Room,
        submission: Submission,
        *,
        raw: bool,
        as_json: bool,
        wait: float,
        has_ended: Callable[[], bool],
    ) -> None:
        self._room = room
        self._submission = submission
        self._job = submission.job
        self._submitter = RetryingSubmitter(room, wait)
        self._pipes = {
            Stream.STDOUT: Pipe(1, raw=raw),
            Stream.STDERR: Pipe(2, raw=raw),
            Stream.COMPILER: Pipe(2, raw=raw),
        }
        self._json = JsonResult() if as_json else None
        self._interrupted = self._is_accepted = False
        self._has_ended = has_ended

    async def run(self, stdin: int) -> int:
        """Submit the program, send its input, and write its output.

        Args:
            stdin: descriptor of the program's input.

        Returns:
            The exit status.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._cancel)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        if self._submission.tty:
            loop.add_signal_handler(signal.SIGWINCH, self._resize)
        self._room.follow(self._job)
        try:
            await self._submitter.submit(self._submission)
        except SubmissionCancelled:
            print_note("cancelled before it ran")
            return ExitCode.CANCELLED
        self._is_accepted = True
        feeder = asyncio.ensure_future(self._feed(stdin))
        try:
            return await self._follow()
        except OutputClosed:
            self._cancel()
            return ExitCode.UNREAD
        finally:
            feeder.cancel()
            await asyncio.wait([feeder])

    def _interrupt(self) -> None:
        """Send the first ctrl+C on a terminal to the program; cancel at the second one."""
        if not self._submission.tty or self._interrupted or not self._is_accepted:
            self._cancel()
            return
        self._interrupted = True
        with suppress(Offline):
            self._room.interrupt(self._job)

    def _cancel(self) -> None:
        self._submitter.cancel()
        with suppress(Offline):
            self._room.cancel(self._job)

    def _resize(self) -> None:
        with suppress(Offline):
            self._room.resize(self._job, _window())

    async def _feed(self, stdin: int) -> None:
        async for data in read_chunks(stdin):
            await self._room.send_stdin(self._job, data)
        self._room.end_stdin(self._job)

    async def _follow(self) -> int:
        async for event in self._room.events():
            match event:
                case JobOutput(job=self._job, stream=stream, data=data):
                    await self._wrote(stream, data)
                case OutputSkipped(job=self._job, count=count):
                    print_note(f"{count} bytes of output are lost: the server dropped them")
                case Finished(job=self._job, result=result):
                    return await self._finished(result)
                case Submitted(job=JobSummary(job=self._job, limits=limits)):
                    self._granted(limits)
                case Disconnected(reason=reason, retry_in=None):
                    print_error(f"the connection ended: {reason}")
                    return ExitCode.FAILED
                case Disconnected() if self._has_ended():
                    print_error("the server that this command started ended before the program")
                    return ExitCode.FAILED
                case Disconnected(reason=reason):
                    print_note(f"{reason}; connecting again")
                case _:
                    pass
        print_error("the connection ended")
        return ExitCode.FAILED

    def _granted(self, limits: RunLimits) -> None:
        if self._json is not None:
            self._json.limits = limits
        for sentence in less_than_asked(self._submission.limits, limits):
            print_note(sentence)

    async def _wrote(self, stream: Stream, data: bytes) -> None:
        if self._json is not None:
            self._json.add(stream, data)
        else:
            await self._pipes[stream].write(data)

    async def _finished(self, result: Result) -> int:
        signal_number = _signal_number(result.signal)
        status = of_result(result, signal_number)
        if self._json is not None:
            await Pipe(1, raw=True).write(self._json.render(result, status))
            return status
        for stream in (Stream.STDOUT, Stream.STDERR):
            await self._pipes[stream].finish()
        if result.verdict not in (Verdict.OK, Verdict.RUNTIME_ERROR):
            print_note(result.explanation)
        return status


def _window() -> Window:
    """Return the size of this terminal."""
    columns, rows = os.get_terminal_size(1)
    return Window(min(max(columns, 1), CELLS_MAX), min(max(rows, 1), CELLS_MAX))


def _signal_number(name: str | None) -> int | None:
    if name is None:
        return None
    if name in signal.Signals.__members__:
        return int(signal.Signals[name])
    return int(name.removeprefix("SIG")) if name.removeprefix("SIG").isdigit() else None


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments. Options may precede or follow FILE; its arguments follow it."""
    own, programs = list(argv), []
    if "--" in own:
        index = own.index("--")
        own, programs = own[:index], own[index + 1 :]
    args = parser().parse_intermixed_args(own)
    args.args = [*args.args, *programs]
    return args
