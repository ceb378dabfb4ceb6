"""The SDK's client leaves no socket open if the engine is unavailable or sends nonsense."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, socket

import pytest
from docker.errors import DockerException

from codesync_server.executors.docker.sdk import ApiClient


def open_sockets() -> set[str]:
    """The sockets that this process has open."""
    found: set[str] = set()
    for path in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(path)
        except FileNotFoundError:  # the folder's own, while it was listed
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


@contextmanager
def engine_that_answers(path: Path, answer: bytes) -> Generator[None]:
    """Answer one request."""

    def serve() -> None:
        with listening.accept()[0] as connection:
            connection.recv(65_536)
            connection.sendall(answer)

    with socket(AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join(timeout=15)


def failing_client(path: Path) -> DockerException:
    """Make a client that finds no API version; gives the error, which refers to its parts."""
    with pytest.raises(DockerException) as caught:
        ApiClient(f"unix://{path}", version="auto", timeout=10)
    return caught.value


def test_a_socket_that_reached_nobody_is_closed(tmp_path: Path) -> None:
    before = open_sockets()
    error = failing_client(tmp_path / "nobody.sock")
    assert open_sockets() == before, error


def test_a_client_that_cannot_be_made_closes_its_connections(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    before = open_sockets()
    with engine_that_answers(path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"):
        error = failing_client(path)
    assert open_sockets() == before, error
