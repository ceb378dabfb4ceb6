"""Rules for the address of a server, and for the rights of each role."""

import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    Caret,
    ChooseLanguage,
    ClientMessage,
    Edit,
    EditRefused,
    Fault,
    FetchDocument,
    FetchHistory,
    FetchOutput,
    FetchSource,
    Hello,
    HistoryPage,
    Interrupt,
    MakeInvite,
    Proof,
    Rejected,
    RemoveMember,
    Resize,
    Role,
    SetRole,
    StdinData,
    StdinEnd,
    StdinMode,
    Submit,
    SubmitPart,
    TakeStdin,
    Window,
)
from codesync_server.access.rules import UnsafeSettings, check_binding, check_local_executor
from codesync_server.app import App
from codesync_server.configuration.settings import Settings
from codesync_server.store.choice import MEMORY
from tests.server.connections.wire import Wire, hello_to, member_of, python_job, wire_to
from tests.servers import RunningServer, running_server

# Where to listen.

LOOPBACK = ("127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "lab.localhost")
BEYOND = (
    *("0.0.0.0", "::", "", "192.168.1.5", "8.8.8.8", "fe80::1", "example.org"),
    *("localhost.example.org", "127.0.0.1.example.org", "127.0.0.1.", "0", "127.1"),
)


@pytest.mark.parametrize("host", LOOPBACK)
def test_a77_on_this_machine_alone_a_server_may_listen_as_it_is(host: str) -> None:
    settings = Settings(host=host)
    check_binding(settings)
    check_local_executor(settings)


@pytest.mark.parametrize("host", BEYOND)
def test_a77_beyond_this_machine_a_server_listens_only_with_tls_or_an_explicit_word(
    host: str,
) -> None:
    with pytest.raises(UnsafeSettings, match=r"--tls-cert .* --insecure"):
        check_binding(Settings(host=host))
    with pytest.raises(UnsafeSettings):
        check_binding(Settings(host=host, tls_cert=Path("only-one-of-the-two.pem")))
    check_binding(Settings(host=host, insecure=True))
    check_binding(Settings(host=host, tls_cert=Path("chain.pem"), tls_key=Path("key.pem")))


@pytest.mark.parametrize("host", BEYOND)
def test_a77_beyond_this_machine_nothing_runs_unsandboxed_without_an_explicit_word(
    host: str,
) -> None:
    with_tls = Settings(host=host, tls_cert=Path("chain.pem"), tls_key=Path("key.pem"))
    for settings in (with_tls, Settings(host=host, insecure=True)):
        with pytest.raises(UnsafeSettings, match="--unsafe-local"):
            check_local_executor(settings)
    check_local_executor(Settings(host=host, unsafe_local=True))


@pytest.mark.parametrize("says", ["nothing", "--insecure", "--unsafe-local"])
async def test_a77_a_server_with_such_settings_is_not_even_built(says: str) -> None:
    settings = Settings(
        host="0.0.0.0",
        port=0,
        executor="local",
        store=MEMORY,
        insecure=says == "--insecure",
        unsafe_local=says == "--unsafe-local",
    )
    with pytest.raises(UnsafeSettings):
        await App.build(settings, secrets.token_urlsafe(32), print)


# What each role may do.

JOB = secrets.token_hex(16)
GUEST = 2
"""The id of the member that is there besides the one who tries."""

EVERYBODY = {Role.HOST, Role.EDITOR, Role.VIEWER}
ACTING = {Role.HOST, Role.EDITOR}
HOSTS = {Role.HOST}
NOBODY: set[Role] = set()

MAY: list[tuple[ClientMessage, set[Role]]] = [
    (python_job("print('mine')"), ACTING),
    (Edit(1, b"\x00\x00"), ACTING),
    (ChooseLanguage("javascript"), ACTING),
    (StdinData(JOB, 0, b"x"), ACTING),
    (StdinEnd(JOB), ACTING),
    (TakeStdin(JOB), ACTING),
    (Interrupt(JOB), ACTING),
    (Cancel(JOB), ACTING),
    (SetRole(GUEST, Role.VIEWER), HOSTS),
    (SetRole(GUEST, Role.HOST), HOSTS),
    (RemoveMember(GUEST), HOSTS),
    (MakeInvite(Role.EDITOR), HOSTS),
    (MakeInvite(Role.HOST), NOBODY),
    (FetchOutput(JOB, 0), EVERYBODY),
    (FetchHistory(1), EVERYBODY),
    (FetchSource(1, JOB), EVERYBODY),
    (FetchDocument(1), EVERYBODY),
    (Caret(0, 0, 0), EVERYBODY),
    (Resize(JOB, Window(10, 10)), NOBODY),  # only the submitter, whose screen it is
]
CONNECTIONS_OWN = {Hello, Proof, SubmitPart}
"""A hello and a proof come once; a part belongs to a Submit that was let through."""


def test_the_table_of_what_each_role_may_do_is_complete() -> None:
    kinds: set[type[msgspec.Struct]] = set(get_args(ClientMessage))
    assert {type(message) for message, _ in MAY} == kinds - CONNECTIONS_OWN


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


async def is_refused_for_the_role(wire: Wire, message: ClientMessage) -> bool:
    """Tell whether a member's role does not allow what a message asks for."""
    await wire.say(message, FetchHistory(4711))
    while (await wire.hear(HistoryPage)).request != 4711:
        pass
    return any(
        isinstance(answer, Fault | Rejected | EditRefused) and answer.code is Code.ROLE
        for answer in wire.heard
    )


@pytest.mark.parametrize("role", Role)
async def test_a_role_allows_exactly_what_the_table_says(server: RunningServer, role: Role) -> None:
    for number, (message, who_may) in enumerate(MAY):
        room = f"room-{number}"
        async with (
            member_of(server, name="ana", room=room) as ana,
            member_of(server, name="ben", room=room),
            member_of(server, name="eve", room=room, role=role) as eve,
        ):
            await ana.say(python_job("input()", f"{number:032x}", stdin=StdinMode.SHARED))
            await ana.hear(Accepted)
            if hasattr(message, "job") and not isinstance(message, Submit):
                message = msgspec.structs.replace(message, job=f"{number:032x}")
            refused = await is_refused_for_the_role(eve, message)
            assert refused == (role not in who_may), message
            await ana.say(Cancel(f"{number:032x}"))


async def test_only_the_submitter_sizes_the_terminal_whatever_the_role(
    server: RunningServer,
) -> None:
    async with member_of(server) as ana:
        await ana.say(python_job("input()", JOB, stdin=StdinMode.SHARED))
        assert not await is_refused_for_the_role(ana, Resize(JOB, Window(10, 10)))
        await ana.say(Cancel(JOB))


async def test_no_host_takes_another_hosts_role_or_place(server: RunningServer) -> None:
    async with member_of(server, role=Role.HOST) as ana, member_of(server, role=Role.HOST):
        assert await is_refused_for_the_role(ana, SetRole(GUEST, Role.VIEWER))
        assert await is_refused_for_the_role(ana, RemoveMember(GUEST))


async def test_a_role_holds_at_once_and_after_a_return_whatever_the_invite_says(
    server: RunningServer,
) -> None:
    hello = hello_to(server, name="ben")
    async with member_of(server, role=Role.HOST) as ana:
        async with wire_to(server) as ben:
            await ben.enter(hello)
            assert not await is_refused_for_the_role(ben, python_job("print()"))
            assert not await is_refused_for_the_role(ana, SetRole(GUEST, Role.VIEWER))
            assert await is_refused_for_the_role(ben, python_job("print()"))
        async with wire_to(server) as ben:
            welcome = await ben.enter(hello)
            assert welcome.role is Role.VIEWER
            assert await is_refused_for_the_role(ben, python_job("print()"))
