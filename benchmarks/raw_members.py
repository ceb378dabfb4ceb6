"""Members as raw websockets: the handshake, after which the caller sends and reads frames."""

from websockets.asyncio.client import ClientConnection

from codesync_client.connection.client_handshake import ClientHandshake
from codesync_client.errors import EntryRefused
from codesync_protocol.codec import decode_from_server, encode
from codesync_protocol.links import Link
from codesync_protocol.messages import Challenge, Refused, ServerMessage, Welcome


async def ask_for_entry(websocket: ClientConnection, link: Link, name: str) -> None:
    """Perform the handshake up to the proof; the welcome is not read.

    Args:
        websocket: a new connection to the server.
        link: the room and the token.
        name: the member's name.

    Raises:
        EntryRefused: the server refuses the entry.
    """
    entry = ClientHandshake(link, name=name, agent="benchmark")
    hello = encode(entry.hello())
    await websocket.send(hello)
    challenge = await _answer(websocket)
    assert isinstance(challenge, Challenge), challenge
    await websocket.send(encode(entry.prove(hello, challenge)))


async def enter(websocket: ClientConnection, link: Link, name: str) -> Welcome:
    """Perform the handshake.

    Args:
        websocket: a new connection to the server.
        link: the room and the token.
        name: the member's name.

    Raises:
        EntryRefused: the server refuses the entry.
    """
    await ask_for_entry(websocket, link, name)
    welcome = await _answer(websocket)
    assert isinstance(welcome, Welcome), welcome
    return welcome


async def _answer(websocket: ClientConnection) -> ServerMessage:
    answer = decode_from_server(await websocket.recv())
    if isinstance(answer, Refused):
        raise EntryRefused(answer.code, answer.reason, answer.remedy)
    return answer
