"""Asks the Docker engine about sandboxes, independent of the tested code."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound

from codesync_server.executors.docker.owner import OWNER_LABEL, Owner, this_process


def owner_of(pid: int) -> Owner:
    """The owner that a process of this machine is, as its containers' labels name it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Owner(this_process().machine, pid, int(fields[19]))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a container: the engine's word for it, and its details."""

    action: str
    container: str
    attributes: dict[str, str]


@dataclass(slots=True)
class Story:
    """What happened to containers while a block lasted, in order.

    Attributes:
        events: all of it; filled when the block is left.
    """

    events: list[Event] = field(default_factory=list[Event])

    def of(self, container: str) -> list[str]:
        """What happened to one container, in the engine's words, details left out."""
        return [event.action for event in self.events if event.container == container]

    @property
    def containers(self) -> set[str]:
        """All that something happened to."""
        return {event.container for event in self.events}


class EngineView:
    """The engine, asked about the containers of one server process.

    Args:
        client: of the engine.
        owner: whose containers; this process's by default.
    """

    def __init__(self, client: docker.APIClient, owner: Owner | None = None) -> None:
        self._client: Any = client
        self._label = f"{OWNER_LABEL}={owner or this_process()}"

    def containers(self) -> set[str]:
        """The ids of the owner's containers."""
        found = self._client.containers(all=True, filters={"label": self._label})
        return {str(each["Id"]) for each in found}

    def inspect(self, container: str) -> dict[str, Any]:
        """Everything about a container."""
        answer: dict[str, Any] = self._client.inspect_container(container)
        return answer

    def is_running(self, container: str) -> bool:
        """Whether a container is there and runs."""
        try:
            return bool(self.inspect(container)["State"]["Running"])
        except NotFound:
            return False

    def cpu_nanoseconds(self, container: str) -> int:
        """Cpu time that a running container has used."""
        stats: dict[str, Any] = self._client.stats(container, stream=False, one_shot=True)
        return int(stats["cpu_stats"]["cpu_usage"]["total_usage"])

    def is_gone(self, container: str) -> bool:
        """Whether there is no such container any more, not even a stopped one."""
        try:
            self._client.inspect_container(container)
        except NotFound:
            return True
        return False

    @contextmanager
    def watched(self) -> Generator[Story]:
        """Note what happens to the owner's containers while the block lasts."""
        story = Story()
        since = time.time()
        yield story
        stream = self._client.events(
            since=f"{since:.9f}",
            until=f"{time.time():.9f}",
            filters={"type": "container", "label": self._label},
            decode=True,
        )
        for event in stream:
            actor: dict[str, Any] = event["Actor"]
            story.events.append(
                # "exec_create: sh -c …" and "health_status: …" carry more than the action
                Event(str(event["Action"]).partition(":")[0], str(actor["ID"]), actor["Attributes"])
            )
