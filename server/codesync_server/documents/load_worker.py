"""The process that loads histories for the server: `python -P -m ….load_worker`.

It reads requests from its stdin and writes answers to its stdout, each a message of MessagePack
with its length before it, until its stdin ends.
"""

import os
import sys
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
        answer = msgspec.msgpack.encode(load(msgspec.msgpack.decode(data, type=LoadRequest)))
        answers.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        answers.flush()


if __name__ == "__main__":
    os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)
