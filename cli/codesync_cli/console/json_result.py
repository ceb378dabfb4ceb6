"""The object that `codesync run --json` prints: verdict, measurements and output."""

import base64
import json

import msgspec

from codesync_protocol.messages import RunLimits, Stream
from codesync_protocol.verdict import Result

_FIELDS = {Stream.STDOUT: "stdout", Stream.STDERR: "stderr", Stream.COMPILER: "compiler"}


class JsonResult:
    """Collects the output of a job, and returns it with the result.

    Attributes:
        limits: the limits of the program.
    """

    def __init__(self) -> None:
        self.limits = RunLimits()
        self._output = {stream: bytearray() for stream in Stream}

    def add(self, stream: Stream, data: bytes) -> None:
        """Add output."""
        self._output[stream] += data

    def render(self, result: Result, exit_status: int) -> bytes:
        """Return the object as one line.

        Args:
            result: the result of the job.
            exit_status: the exit status of the command.

        Returns:
            JSON in ASCII. Output that is not UTF-8 is given with replacement characters, and once
            more exactly under the name with "_base64" behind it.
        """
        answer: dict[str, object] = {
            "verdict": result.verdict,
            "explanation": result.explanation,
            "exit_code": result.exit_code,
            "signal": result.signal,
            "exit_status": exit_status,
            "cpu_seconds": round(result.cpu_seconds, 6),
            "wall_seconds": round(result.wall_seconds, 6),
            "peak_memory_bytes": result.peak_memory,
            "memory_source": result.memory_source,
            "output_bytes": result.output_bytes,
            "limits": msgspec.structs.asdict(self.limits),
            "stages": {stage.name: round(stage.seconds, 6) for stage in result.stages},
        }
        for stream, field in _FIELDS.items():
            data = bytes(self._output[stream])
            answer[field] = data.decode(errors="replace")
            try:
                data.decode()
            except UnicodeDecodeError:
                answer[f"{field}_base64"] = base64.b64encode(data).decode()
        return json.dumps(answer).encode() + b"\n"
