"""The specification of a sandbox."""

from dataclasses import dataclass

from codesync_server.executors.docker.profile import SandboxProfile


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """What a sandbox is made from: sandboxes with equal specs are interchangeable.

    It is the key of a pool. There is one spec for now; images for single languages, or jobs that
    request other sizes, would each have a spec and a pool of their own.

    Attributes:
        image: content address of the image: a tag that is moved changes nothing.
        profile: what the sandbox may use.
    """

    image: str
    profile: SandboxProfile
