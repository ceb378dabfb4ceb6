"""The request to a sandbox, and its frames for the runner."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from codesync_server.configuration.limits import StageLimits
from codesync_server.executors.runner.wire import FRAME_MAX, HEADER, ToRunner


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One command to run.

    Attributes:
        name: "compile" or "run".
        argv: the command.
        limits: its limits.
        cpus: share of a cpu; None: what the sandbox has.
    """

    name: str
    argv: Sequence[bytes]
    limits: StageLimits
    cpus: float | None = None


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One job as a sandbox sees it.

    Attributes:
        files: names and contents.
        stages: the commands, in order; a failure ends the job.
        env: environment; "{home}" stands for the sandbox's home folder.
        prepared_stdin: the beginning of stdin.
        tty: run the last stage on a terminal.
        window: the terminal's columns and rows at the start.
    """

    files: Sequence[tuple[str, bytes]]
    stages: Sequence[StageSpec]
    env: Mapping[str, str]
    prepared_stdin: bytes = b""
    tty: bool = False
    window: tuple[int, int] = (80, 24)

    @property
    def wall(self) -> float:
        """Seconds that all stages may take together."""
        return sum(stage.limits.wall for stage in self.stages)

    def frames(self) -> Iterator[bytes]:
        """Give the request and its files as frames for the runner."""
        request = {
            "tty": self.tty,
            "window": self.window,
            "files": [(name, len(content)) for name, content in self.files],
            "env": dict(self.env),
            "stages": [
                {
                    "name": stage.name,
                    "argv": [part.hex() for part in stage.argv],
                    "limits": asdict(stage.limits),
                }
                for stage in self.stages
            ],
        }
        yield frame(ToRunner.REQUEST, json.dumps(request).encode())
        for _, content in self.files:
            for start in range(0, len(content), FRAME_MAX):
                yield frame(ToRunner.FILE, content[start : start + FRAME_MAX])


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Pack one frame for the runner."""
    return HEADER.pack(kind, len(payload)) + payload


class RunnerStream:
    """Cuts the bytes that a runner wrote into frames. They are hostile input all the same."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take bytes, give the frames that are whole.

        Raises:
            ValueError: a frame claims to be larger than frames are.
        """
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._buffer)
            if length > FRAME_MAX:
                raise ValueError(f"a runner's frame of {length} bytes")
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            yield kind, bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
