"""The client sends no secret to any server, and enters only the one that proves itself."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from codesync_client import (
    CannotConnect,
    Connected,
    DialOptions,
    Disconnected,
    EntryRefused,
    Room,
    ServerNotProved,
)
from codesync_client.connection import backoff
from codesync_client.connection.client_handshake import ClientHandshake
from codesync_protocol.codec import decode_from_client, encode
from codesync_protocol.errors import Code
from codesync_protocol.handshake import Credentials, Transcript, fingerprint
from codesync_protocol.links import Link
from codesync_protocol.messages import Challenge, Hello, Proof, Refused, Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.access.invites import InviteSigner
from tests.client.rooms import welcome
from tests.client.watching import watching
from tests.proxy import proxy_to
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

TOKEN = secrets.token_urlsafe(32)
INVITE = InviteSigner(TOKEN).invite("test-room", Role.EDITOR)
OLD_SERVERS_REFUSAL = Refused(
    Code.VERSION,
    "this server speaks protocol versions 1 to 1, you speak 2 to 2",
    "install the same version of codesync-rooms on both sides",
    1,
    1,
)


@dataclass
class Impostor:
    """A process that listens where a server was.

    Attributes:
        port: where.
        heard: every byte that clients sent, without the mask of websocket.
        hellos: those of them that were hellos.
    """

    port: int = 0
    heard: bytearray = field(default_factory=bytearray)
    hellos: list[tuple[bytes, Hello]] = field(default_factory=list[tuple[bytes, Hello]])

    def link(self, token: str) -> Link:
        return Link(f"ws://127.0.0.1:{self.port}", "test-room", token)

    async def record(self, connection: ServerConnection) -> None:
        """Read until the client goes."""
        with suppress(ConnectionClosed):
            async for frame in connection:
                self.note(frame)

    def note(self, frame: bytes | str) -> bytes:
        data = frame if isinstance(frame, bytes) else frame.encode()
        self.heard += data
        return data


Act = Callable[[Impostor, ServerConnection, bytes], Awaitable[None]]


@asynccontextmanager
async def impostor_that(act: Act, port: int = 0) -> AsyncGenerator[Impostor]:
    """Listen on a port while the block lasts, and answer every hello in some way."""
    impostor = Impostor()

    async def live(connection: ServerConnection) -> None:
        assert connection.request is not None
        impostor.heard += repr(connection.request).encode()
        with suppress(ConnectionClosed):
            frame = impostor.note(await connection.recv())
            hello = decode_from_client(frame)
            assert isinstance(hello, Hello)
            impostor.hellos.append((frame, hello))
            await act(impostor, connection, frame)
            await impostor.record(connection)

    async with serve(live, "127.0.0.1", port, compression=None, max_size=None) as server:
        impostor.port = next(iter(server.sockets)).getsockname()[1]
        yield impostor
        for connection in server.connections:
            connection.transport.abort()


async def invent(impostor: Impostor, connection: ServerConnection, hello: bytes) -> None:
    """Challenge with a proof of another secret."""
    nonce = secrets.token_bytes(32)
    proof = Transcript(hello, 2, nonce).server_proof(b"another secret")
    await connection.send(encode(Challenge(2, nonce, proof)))


async def welcome_at_once(impostor: Impostor, connection: ServerConnection, hello: bytes) -> None:
    await connection.send(encode(welcome()))


async def send_nothing(impostor: Impostor, connection: ServerConnection, hello: bytes) -> None:
    await connection.close()


def refuse(code: Code) -> Act:
    async def act(impostor: Impostor, connection: ServerConnection, hello: bytes) -> None:
        await connection.send(encode(Refused(code, "the impostor says so", "")))

    return act


def entry_of(room: Room) -> ClientHandshake:
    """The handshakes of a room's connections, which only the room knows."""
    return room._lifeline._entry  # pyright: ignore[reportPrivateUsage]


def secrets_of(room: Room, token: str) -> list[bytes]:
    """What no other process may read, in every spelling that it could have on the wire."""
    key = entry_of(room)._key  # pyright: ignore[reportPrivateUsage] # it has no other reader
    held = Credentials.of(token)
    texts = [token, held.secret.decode(errors="replace"), key.hex(), fingerprint(key.hex())]
    raw = [held.secret, key, bytes.fromhex(fingerprint(key.hex()))]
    return [text.encode() for text in texts] + raw


def nothing_secret(impostor: Impostor, room: Room, token: str) -> bool:
    return not any(secret in impostor.heard for secret in secrets_of(room, token))


def room_at(link: Link) -> Room:
    return Room(link, name="ana", options=DialOptions(), shares_text=True)


# A server that is not ours.


@pytest.mark.parametrize("token", [TOKEN, INVITE, ""], ids=["token", "invite", "nothing"])
@pytest.mark.parametrize("act", [invent, welcome_at_once, send_nothing])
async def test_h02_another_server_is_told_no_secret(token: str, act: Act) -> None:
    async with impostor_that(act) as impostor:
        room = room_at(impostor.link(token))
        with pytest.raises(CannotConnect) as caught:
            async with room:
                pass
        assert len(impostor.hellos) == 1
        assert impostor.hellos[0][1].token == ""
        if token:
            assert nothing_secret(impostor, room, token)
        assert not proofs_in(impostor)
    if act is invent:
        assert isinstance(caught.value, ServerNotProved)


def proofs_in(impostor: Impostor) -> bool:
    """Whether a client went on after its hello."""
    return len(impostor.heard) > sum(len(f) for f, _ in impostor.hellos) and b"proof" in (
        impostor.heard
    )


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (TOKEN, "does not know your token: it is not the server that the token belongs to"),
        (INVITE, "does not know the secret of your link"),
        ("", "lets nobody in without a token"),
    ],
    ids=["token", "invite", "nothing"],
)
async def test_h02_the_client_says_what_is_wrong(token: str, said: str) -> None:
    async with running_server() as server:
        link = replace_token(server.link(), token)
        with pytest.raises(ServerNotProved, match=said) as caught:
            async with room_at(link):
                pass
        assert caught.value.remedy
        assert server.app.stats()["rooms"] == 0


def replace_token(link: Link, token: str) -> Link:
    return Link(link.server, link.room, token)


async def test_f36_a_server_of_0_1_is_told_no_secret_and_the_user_why() -> None:
    async def be_old(impostor: Impostor, connection: ServerConnection, _: bytes) -> None:
        await connection.send(encode(OLD_SERVERS_REFUSAL))

    async with impostor_that(be_old) as impostor:
        room = room_at(impostor.link(INVITE))
        with pytest.raises(EntryRefused, match="the server is older than this client") as caught:
            async with room:
                pass
        assert nothing_secret(impostor, room, INVITE)
    assert caught.value.code is Code.VERSION
    assert "upgrade CodeSync on the server" in caught.value.remedy


# A process that takes over the port.


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A return is tried often."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(backoff, "LAST_SECONDS", 0.1)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("role", ["host", "editor"])
@pytest.mark.parametrize(
    "act",
    [
        invent,
        welcome_at_once,
        refuse(Code.REMOVED),
        refuse(Code.UNKNOWN_MEMBER),
        refuse(Code.VERSION),
    ],
    ids=["invented", "welcome", "removed", "unknown", "version"],
)
async def test_h03_a_process_that_takes_over_the_port_learns_nothing(role: str, act: Act) -> None:
    async with running_server() as server:
        token = server.app.token if role == "host" else server.link().token
        async with proxy_to(port_of(server.link())) as proxy:
            link = Link(f"ws://127.0.0.1:{proxy.port}", "test-room", token)
            room = room_at(link)
            async with watching(room) as ana:
                await room.text_settled()
                me = room.welcome.member
                async with impostor_that(act) as impostor:
                    real, proxy.target = proxy.target, impostor.port
                    proxy.cut()
                    await ana.until(lambda: len(impostor.hellos) >= 3)
                    assert nothing_secret(impostor, room, token)
                    assert not proofs_in(impostor)
                    assert room.document.is_there
                    proxy.target = real
                    proxy.cut()
                # The real server is back: nothing is lost, and the client is who it was.
                await ana.until(lambda: len(ana.of(Connected)) == 2)
                assert room.welcome.member == me
                assert all(cut.retry_in is not None for cut in ana.of(Disconnected))
        if act is invent:
            assert any("does not know" in cut.reason for cut in ana.of(Disconnected))


def port_of(link: Link) -> int:
    return int(link.server.rpartition(":")[2])


@pytest.mark.usefixtures("hurry")
async def test_h03_a_recorded_server_cannot_be_replayed() -> None:
    recorded: list[bytes] = []

    async def replay(impostor: Impostor, connection: ServerConnection, hello: bytes) -> None:
        for frame in recorded:
            await connection.send(frame)

    async with running_server() as server, recording(port_of(server.link()), recorded) as port:
        link = server.link()
        room = room_at(Link(f"ws://127.0.0.1:{port}", link.room, link.token))
        async with room:
            await room.text_settled()
        assert recorded
        async with impostor_that(replay) as impostor:
            room = room_at(impostor.link(link.token))
            with pytest.raises(ServerNotProved):
                async with room:
                    pass
            assert nothing_secret(impostor, room, link.token)


@asynccontextmanager
async def recording(target: int, frames: list[bytes]) -> AsyncGenerator[int]:
    """Hand websocket messages on between a client and a server; note what the server says."""
    from websockets.asyncio.client import connect

    async def live(connection: ServerConnection) -> None:
        async with connect(f"ws://127.0.0.1:{target}", compression=None, proxy=None) as far:

            async def up() -> None:
                async for frame in connection:
                    await far.send(frame)

            task = asyncio.get_running_loop().create_task(up())
            with suppress(ConnectionClosed):
                async for frame in far:
                    assert isinstance(frame, bytes)
                    frames.append(frame)
                    await connection.send(frame)
            task.cancel()

    async with serve(live, "127.0.0.1", 0, compression=None, max_size=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


# Another holder of the same link, who takes over the port.


@pytest.mark.usefixtures("hurry")
async def test_h03_another_holder_of_the_link_does_not_get_the_key_of_a_member() -> None:
    keys: list[bytes] = []
    masked: list[tuple[str, Proof]] = []

    async def forget(impostor: Impostor, connection: ServerConnection, hello: bytes) -> None:
        secret = Credentials.of(token).secret
        nonce = secrets.token_bytes(32)
        transcript = Transcript(hello, 2, nonce)
        await connection.send(encode(Challenge(2, nonce, transcript.server_proof(secret))))
        proof = decode_from_client(impostor.note(await connection.recv()))
        assert isinstance(proof, Proof)
        public = impostor.hellos[-1][1].public_id
        masked.append((public, proof))
        if proof.enrolment:
            keys.append(transcript.mask_fingerprint(secret, proof.enrolment))
        await connection.send(encode(Refused(Code.UNKNOWN_MEMBER, "who are you?", "")))

    async with running_server() as server, proxy_to(port_of(server.link())) as proxy:
        token = server.link().token
        room = room_at(Link(f"ws://127.0.0.1:{proxy.port}", "test-room", token))
        async with watching(room) as ana:
            await room.text_settled()
            public, first = entry_of(room).hello().public_id, secrets_of(room, token)
            async with impostor_that(forget) as impostor:
                real, proxy.target = proxy.target, impostor.port
                proxy.cut()
                await ana.until(lambda: len(keys) >= 2)
                proxy.target = real
                proxy.cut()
            await ana.until(lambda: len(ana.of(Connected)) == 2)
            await room.text_settled()
            assert masked[0][0] == public
            assert masked[0][1].enrolment == b""
            assert not any(key in first for key in keys)
            assert all(secret not in impostor.heard for secret in first)


@pytest.mark.usefixtures("hurry")
async def test_h03_a_member_that_was_forgotten_keeps_what_it_wrote_meanwhile() -> None:
    """The room is the same, and so is its text; only the member is a new one."""
    async with running_server() as server, proxy_to(port_of(server.link())) as proxy:
        room = room_at(Link(f"ws://127.0.0.1:{proxy.port}", "test-room", server.link().token))
        async with watching(room) as ana:
            await room.text_settled()
            me = room.welcome.member
            proxy.cut(reachable=False)
            await ana.until_any(Disconnected)
            room.document.replace(SOURCE, "written while nobody listened\n")
            await eventually(lambda: server.app.stats()["members"] == 0)
            forget_members(server)
            proxy.restore()
            await ana.until(lambda: len(ana.of(Connected)) == 2)
            await room.text_settled()
            assert room.welcome.member != me
            assert room.document.conflict is None
            async with room_at(server.link()) as ben:
                await ben.text_settled()
                assert ben.document.text() == "written while nobody listened\n"


def forget_members(server: RunningServer) -> None:
    """Make the room forget those whom it knows, as it does when too many came since."""
    room = server.app._rooms.get("test-room")  # pyright: ignore[reportPrivateUsage]
    assert room
    identities = room.membership._identities  # pyright: ignore[reportPrivateUsage]
    for key in [key for key in identities if key not in room.membership]:
        del identities[key]
    room.membership._keys_by_public_id.clear()  # pyright: ignore[reportPrivateUsage]
