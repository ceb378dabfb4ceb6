"""All settings of a server, each declared once: type, bounds, description and default.

The key in a settings file, the environment variable, the flag, and the row in
docs/reference/settings.md all follow from the declaration (`configuration`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from codesync_protocol.limits import KIB, MIB
from codesync_protocol.links import DEFAULT_PORT
from codesync_server.configuration.limits import GIB, Caps, JobLimits
from codesync_server.configuration.setting_types import (
    Boolean,
    ByteSize,
    FilePath,
    Integer,
    NetworkList,
    Number,
    OneOf,
    OrNone,
    SecretAddress,
    String,
    StringList,
)
from codesync_server.configuration.setting_types.uid_range import UidRange

ADDRESS = "address"
"""Marks what a server that others reach needs; one that belongs to a command of ours ignores it."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One server's settings; each annotation says what it is."""

    host: Annotated[str, String("address to listen on", 1), ADDRESS] = "127.0.0.1"
    port: Annotated[int, Integer("port to listen on; 0: any free one", 0, 65535), ADDRESS] = (
        DEFAULT_PORT
    )
    tls_cert: Annotated[
        Path | None, OrNone("certificate chain (PEM): wss://", FilePath(""), "none"), ADDRESS
    ] = None
    tls_key: Annotated[Path | None, OrNone("its key (PEM)", FilePath(""), "none"), ADDRESS] = None
    insecure: Annotated[bool, Boolean("listen beyond this machine without TLS"), ADDRESS] = False
    allow_hosts: Annotated[
        tuple[str, ...],
        StringList("DNS names of this server that clients use (this machine's are known)"),
        ADDRESS,
    ] = ()
    allow_origins: Annotated[
        tuple[str, ...], StringList("web pages that may connect, e.g. https://example.org"), ADDRESS
    ] = ()
    connections_max: Annotated[int, Integer("members connected at once", 1, 1_000_000), ADDRESS] = (
        2000
    )
    connections_per_address: Annotated[
        int,
        Integer(
            "members connected at once from one address (an IPv6 /64 is one); a class behind one"
            " proxy or NAT shares it",
            1,
            1_000_000,
        ),
        ADDRESS,
    ] = 1200
    handshakes_max: Annotated[
        int, Integer("connections at once that are not members yet", 1, 1_000_000), ADDRESS
    ] = 1000
    handshakes_per_address: Annotated[
        int, Integer("the same, from one address", 1, 1_000_000), ADDRESS
    ] = 600
    handshakes_per_second: Annotated[
        float,
        Number(
            "new connections of one address that are answered per second, after ten times as many"
            " at once",
            0.1,
            1_000_000.0,
        ),
        ADDRESS,
    ] = 100.0
    joins_per_second: Annotated[
        float,
        Number(
            "times per second that members may enter by one invite, after 32 times as many at once;"
            " twice as often into one room",
            0.1,
            1_000_000.0,
        ),
        ADDRESS,
    ] = 10.0
    messages_per_second: Annotated[
        float,
        Number(
            "messages of one member per second; members that send more are read more slowly",
            1.0,
            1_000_000.0,
        ),
    ] = 250.0
    trusted_proxies: Annotated[
        tuple[str, ...],
        NetworkList(
            "addresses and networks of reverse proxies whose X-Forwarded-For or Forwarded header is"
            " believed"
        ),
        ADDRESS,
    ] = ()
    memory_for_outboxes: Annotated[
        int,
        ByteSize(
            "memory for what waits to be sent to slow members, all together; the largest backlog"
            " goes first",
            MIB,
            256 * GIB,
        ),
    ] = 256 * MIB
    drain_seconds: Annotated[
        float,
        Number("how long running programs may go on after SIGTERM", 0.0, 3600.0, "seconds"),
        ADDRESS,
    ] = 10.0
    store: Annotated[
        str,
        SecretAddress(
            "where rooms and jobs are kept: sqlite (a file in your data directory), the path of"
            " an SQLite file, mongodb://…, or memory",
            1,
        ),
    ] = "sqlite"
    keep_jobs_days: Annotated[
        float | None,
        OrNone("how long past jobs are kept", Number("", 0.01, 36500.0, "days"), "none"),
    ] = 90.0
    keep_rooms_days: Annotated[
        float | None,
        OrNone(
            "how long rooms are kept that nobody enters", Number("", 0.01, 36500.0, "days"), "none"
        ),
    ] = 365.0
    keep_bytes: Annotated[
        int | None,
        OrNone(
            "sources and output of past jobs together; the oldest go first",
            ByteSize("", MIB, 1024 * GIB),
            "none",
        ),
    ] = 4 * GIB
    executor: Annotated[
        str,
        OneOf(
            "where programs run; auto: Docker, else unsandboxed on this machine",
            ("auto", "docker", "local"),
        ),
    ] = "auto"
    unsafe_local: Annotated[
        bool, Boolean("allow unsandboxed programs although others can reach this server"), ADDRESS
    ] = False
    max_concurrent: Annotated[int, Integer("programs at once", 1, 10_000)] = 3
    interactive_max: Annotated[
        int,
        Integer(
            "programs with a terminal at once; those that wait or sleep take no slot", 1, 10_000
        ),
    ] = 64
    interactive_per_room: Annotated[
        int, Integer("programs with a terminal of one room at once", 1, 10_000)
    ] = 12
    interactive_per_member: Annotated[
        int, Integer("programs with a terminal of one member at once", 1, 10_000)
    ] = 3
    interactive_memory: Annotated[
        int | None,
        OrNone(
            "memory of programs with a terminal together; auto: half of this machine's",
            ByteSize("", 64 * MIB, 1024 * GIB),
            "auto",
        ),
    ] = None
    queue_limit: Annotated[
        int, Integer("waiting programs of all rooms; each room has a share of it", 1, 1_000_000)
    ] = 10_000
    queue_bytes: Annotated[
        int,
        ByteSize(
            "source and input of all waiting programs; each room has a share of it", MIB, 64 * GIB
        ),
    ] = 512 * MIB
    queue_per_room: Annotated[
        int, Integer("waiting programs of one room, at most its share of queue_limit", 1, 1_000_000)
    ] = 500
    queue_per_member: Annotated[int, Integer("waiting programs of one member", 1, 1_000_000)] = 5
    rooms_max: Annotated[int, Integer("rooms in memory at once", 1, 1_000_000)] = 2000
    members_per_room: Annotated[
        int, Integer("members of one room; hosts find 16 more places", 1, 1_000_000)
    ] = 500
    memory_for_output: Annotated[
        int,
        ByteSize(
            "memory for output and events of all rooms; the oldest are evicted, and output is then"
            " read from the store",
            MIB,
            1024 * GIB,
        ),
    ] = 256 * MIB
    memory_max: Annotated[
        int | None,
        OrNone(
            "resident memory of the server; near it no room is opened, at it the largest are closed"
            " until there is memory again; auto: half of what the machine or its cgroup has",
            ByteSize("", 64 * MIB, 1024 * GIB),
            "auto",
        ),
    ] = None
    submits_per_minute: Annotated[
        int,
        Integer("submissions of one member; of one invite or room 4 times as many", 1, 1_000_000),
    ] = 300
    submit_bytes_per_minute: Annotated[
        int,
        ByteSize(
            "source and input that one member submits in a minute; of one invite or room 4 times"
            " as much",
            64 * KIB,
            64 * GIB,
        ),
    ] = 16 * MIB
    pool_size: Annotated[
        int | None,
        OrNone(
            "containers kept started; auto: one more than run at once",
            Integer("", 0, 10_000),
            "auto",
        ),
    ] = None
    cpus: Annotated[float, Number("share of a cpu for a program", 0.05, 64.0)] = 0.5
    compile_cpus: Annotated[
        float, Number("share of a cpu for a compiler; it ends with the compile stage", 0.05, 64.0)
    ] = 1.0
    tmp: Annotated[int, ByteSize("size of /tmp in a container", MIB, 64 * GIB)] = 64 * MIB
    runtime: Annotated[
        str,
        String("Docker's name of another OCI runtime (see Security); empty: its default"),
    ] = ""
    sandbox_uids: Annotated[
        range | None,
        OrNone(
            "numeric users of containers, which no user of this machine may have; auto: ones that"
            " no usual system gives out",
            UidRange(""),
            "auto",
        ),
    ] = None
    build_network: Annotated[
        str, String("network for building the image: auto, default, host, or a name", 1)
    ] = "auto"
    limits: JobLimits = field(default_factory=JobLimits)
    caps: Caps = field(default_factory=Caps)

    @property
    def tls(self) -> TlsFiles | None:
        """The files for wss://, if it is served."""
        if self.tls_cert is None or self.tls_key is None:
            return None
        return TlsFiles(self.tls_cert, self.tls_key)
