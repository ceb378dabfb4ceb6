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
"""Marks settings of the address, which a server that a command starts ignores."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server; each annotation describes its setting."""

    host: Annotated[str, String("address to listen on", 1), ADDRESS] = "127.0.0.1"
    port: Annotated[int, Integer("port to listen on; 0 selects a free one", 0, 65535), ADDRESS] = (
        DEFAULT_PORT
    )
    tls_cert: Annotated[
        Path | None,
        OrNone("file of the certificate chain (PEM), for wss://", FilePath(""), "none"),
        ADDRESS,
    ] = None
    tls_key: Annotated[
        Path | None, OrNone("file of the private key (PEM)", FilePath(""), "none"), ADDRESS
    ] = None
    insecure: Annotated[bool, Boolean("allow other machines to connect without TLS"), ADDRESS] = (
        False
    )
    allow_hosts: Annotated[
        tuple[str, ...],
        StringList("DNS names of this server that clients use, besides those of this machine"),
        ADDRESS,
    ] = ()
    allow_origins: Annotated[
        tuple[str, ...],
        StringList("origins of web pages that may connect, e.g. https://example.org"),
        ADDRESS,
    ] = ()
    connections_max: Annotated[int, Integer("connected members", 1, 1_000_000), ADDRESS] = 2000
    connections_per_address: Annotated[
        int,
        Integer(
            "connected members from one address (an IPv6 /64 counts as one); a class behind a"
            " proxy or NAT shares one address",
            1,
            1_000_000,
        ),
        ADDRESS,
    ] = 1200
    handshakes_max: Annotated[
        int, Integer("connections that have not completed their handshake", 1, 1_000_000), ADDRESS
    ] = 1000
    handshakes_per_address: Annotated[
        int,
        Integer(
            "connections from one address that have not completed their handshake", 1, 1_000_000
        ),
        ADDRESS,
    ] = 600
    handshakes_per_second: Annotated[
        float,
        Number(
            "new connections per second from one address; ten times as many may arrive at once",
            0.1,
            1_000_000.0,
        ),
        ADDRESS,
    ] = 100.0
    joins_per_second: Annotated[
        float,
        Number(
            "joins per second with one invite from one address, 1.5 times as many with one invite,"
            " and twice as many into one room; 32 times as many may arrive at once",
            0.1,
            1_000_000.0,
        ),
        ADDRESS,
    ] = 10.0
    messages_per_second: Annotated[
        float,
        Number(
            "messages per second of one member; further messages are read later",
            1.0,
            1_000_000.0,
        ),
    ] = 250.0
    trusted_proxies: Annotated[
        tuple[str, ...],
        NetworkList(
            "addresses and networks of reverse proxies whose X-Forwarded-For or Forwarded headers"
            " are trusted"
        ),
        ADDRESS,
    ] = ()
    memory_for_outboxes: Annotated[
        int,
        ByteSize(
            "memory for data that waits for slow members; above it members of the room, invite and"
            " address that hold most lose waiting output, or are disconnected",
            MIB,
            256 * GIB,
        ),
    ] = 256 * MIB
    drain_seconds: Annotated[
        float,
        Number("time that running programs have after SIGTERM", 0.0, 3600.0, "seconds"),
        ADDRESS,
    ] = 10.0
    store: Annotated[
        str,
        SecretAddress(
            "database of rooms and jobs: sqlite (a file in your data directory), the path of an"
            " SQLite file, mongodb://…, or memory",
            1,
        ),
    ] = "sqlite"
    keep_jobs_days: Annotated[
        float | None,
        OrNone("age at which past jobs are deleted", Number("", 0.01, 36500.0, "days"), "none"),
    ] = 90.0
    keep_rooms_days: Annotated[
        float | None,
        OrNone(
            "time without visits after which rooms are deleted",
            Number("", 0.01, 36500.0, "days"),
            "none",
        ),
    ] = 365.0
    keep_bytes: Annotated[
        int | None,
        OrNone(
            "all past jobs with their texts and output; the room with most loses its oldest first",
            ByteSize("", MIB, 1024 * GIB),
            "none",
        ),
    ] = 4 * GIB
    executor: Annotated[
        str,
        OneOf(
            "place where programs run; auto: Docker, else unsandboxed on this machine",
            ("auto", "docker", "local"),
        ),
    ] = "auto"
    unsafe_local: Annotated[
        bool,
        Boolean("allow unsandboxed programs on a server that other machines can reach"),
        ADDRESS,
    ] = False
    max_concurrent: Annotated[
        int, Integer("slots: programs that compute at the same time", 1, 10_000)
    ] = 3
    interactive_max: Annotated[
        int,
        Integer(
            "programs with a terminal that run at the same time; idle ones use no slot", 1, 10_000
        ),
    ] = 64
    interactive_per_room: Annotated[
        int, Integer("programs with a terminal that run at the same time in one room", 1, 10_000)
    ] = 12
    interactive_per_member: Annotated[
        int, Integer("programs with a terminal that one member runs at the same time", 1, 10_000)
    ] = 3
    interactive_memory: Annotated[
        int | None,
        OrNone(
            "memory of all programs with a terminal; auto: half of this machine's memory",
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
    rooms_max: Annotated[int, Integer("rooms in memory", 1, 1_000_000)] = 2000
    members_per_room: Annotated[
        int, Integer("members of one room; hosts have 16 additional places", 1, 1_000_000)
    ] = 500
    memory_for_output: Annotated[
        int,
        ByteSize(
            "memory for output and events of all rooms; the oldest are evicted, and evicted output"
            " is read from the store",
            MIB,
            1024 * GIB,
        ),
    ] = 256 * MIB
    memory_max: Annotated[
        int | None,
        OrNone(
            "resident memory of the server; from 85 % of it on no room is opened, at the limit the"
            " largest rooms are closed; auto: half of the memory of the machine or cgroup",
            ByteSize("", 64 * MIB, 1024 * GIB),
            "auto",
        ),
    ] = None
    submits_per_minute: Annotated[
        int,
        Integer(
            "submissions of one member; of one invite at one address 4 times, of an invite 6 times,"
            " of one room 8 times as many",
            1,
            1_000_000,
        ),
    ] = 300
    submit_bytes_per_minute: Annotated[
        int,
        ByteSize(
            "source and input of the submissions of one member; of one invite at one address 4"
            " times, of an invite 6 times, of one room 8 times as much",
            64 * KIB,
            64 * GIB,
        ),
    ] = 16 * MIB
    pool_size: Annotated[
        int | None,
        OrNone(
            "parked containers; auto: one more than max_concurrent. If there are more than"
            " max_concurrent, another one is reserved for rooms in which no program runs",
            Integer("", 0, 10_000),
            "auto",
        ),
    ] = None
    cpus: Annotated[float, Number("cpus for one program", 0.05, 64.0)] = 0.5
    compile_cpus: Annotated[
        float, Number("cpus for one compiler, during the compile stage", 0.05, 64.0)
    ] = 1.0
    tmp: Annotated[int, ByteSize("size of /tmp in a container", MIB, 64 * GIB)] = 64 * MIB
    runtime: Annotated[
        str,
        String("name of an OCI runtime of Docker (see Security); empty: Docker's default"),
    ] = ""
    sandbox_uids: Annotated[
        range | None,
        OrNone(
            "numeric user ids for containers, which no user of this machine may have; auto: a range"
            " that common systems do not assign",
            UidRange(""),
            "auto",
        ),
    ] = None
    build_network: Annotated[
        str, String("Docker network for building the image: auto, default, host, or a name", 1)
    ] = "auto"
    limits: JobLimits = field(default_factory=JobLimits)
    caps: Caps = field(default_factory=Caps)

    @property
    def tls(self) -> TlsFiles | None:
        """The files for wss://, or None without TLS."""
        if self.tls_cert is None or self.tls_key is None:
            return None
        return TlsFiles(self.tls_cert, self.tls_key)
