"""Everything an operator may set, with its default."""

from dataclasses import dataclass, field
from pathlib import Path

from codesync_protocol.links import DEFAULT_PORT
from codesync_server.limits import JobLimits


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One server's settings.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes any free one.
        tls: serve wss:// with these.
        insecure: allow an address beyond loopback without TLS.
        allow_hosts: further names that a Host header may have (this machine's are known).
        allow_origins: web pages that may connect; none by default.
        executor: "auto", "docker" or "local".
        unsafe_local: allow the local executor beyond loopback.
        max_concurrent: how many jobs run at once.
        queue_limit: how many jobs may wait in all.
        queue_per_member: how many jobs of one member may wait.
        pool_size: how many sandboxes are kept started; None: one more than run at once.
        cpus: share of a cpu for a sandbox.
        runtime: Docker's name of an OCI runtime; empty for its default.
        build_network: network for building the image: "auto", "default", "host" or a name.
        limits: of a job's stages.
        drain_seconds: how long running jobs may go on after SIGTERM.
        connections_max: how many connections at once.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    tls: TlsFiles | None = None
    insecure: bool = False
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    executor: str = "auto"
    unsafe_local: bool = False
    max_concurrent: int = 3
    queue_limit: int = 100
    queue_per_member: int = 5
    pool_size: int | None = None
    cpus: float = 0.5
    runtime: str = ""
    build_network: str = "auto"
    limits: JobLimits = field(default_factory=JobLimits)
    drain_seconds: float = 10.0
    connections_max: int = 2000
