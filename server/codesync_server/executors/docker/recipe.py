"""What a sandbox is made from."""

from dataclasses import dataclass

from codesync_server.executors.docker.profile import SandboxProfile


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a sandbox is made from: sandboxes of one recipe can stand in for each other.

    It is the key of a pool. There is one recipe for now; images for single languages, or jobs that
    ask for other sizes, would each have a recipe and a pool of their own.

    Attributes:
        image: content address of the image: a tag that is moved changes nothing.
        profile: what the sandbox may use.
    """

    image: str
    profile: SandboxProfile
