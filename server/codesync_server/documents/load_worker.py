"""The process that loads histories for the server: `python -P -m ….load_worker`.

It reads requests from its stdin and writes answers to its stdout, each a message of MessagePack
with its length before it, until its stdin ends.
"""

import os
import resource
import sys
import time
from math import ceil
from typing import BinaryIO

import msgspec

from codesync_server.documents.loading import LoadRequest, load

LENGTH_BYTES = 4
NICENESS = 10
"""Loading waits for the server and its programs, not the other way round."""


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while len(length := requests.read(LENGTH_BYTES)) == LENGTH_BYTES:
        data = requests.read(int.from_bytes(length, "big"))
        request = msgspec.msgpack.decode(data, type=LoadRequest)
        _limit_cpu(request.cpu_seconds)
        answer = msgspec.msgpack.encode(load(request))
        answers.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        answers.flush()


def _limit_cpu(seconds: int) -> None:
    """Have the kernel end this process when it has used so much more CPU time."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    limit = ceil(time.process_time()) + seconds
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


if __name__ == "__main__":
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
