"""Members as raw websockets: the handshake, after which the caller sends and reads frames."""

from websockets.asyncio.client import ClientConnection

from codesync_client.connection.client_handshake import ClientHandshake
from codesync_protocol.codec import decode_from_server, encode
from codesync_protocol.links import Link
from codesync_protocol.messages import Challenge


async def ask_for_entry(websocket: ClientConnection, link: Link, name: str) -> None:
    """Perform the handshake up to the proof; the welcome is not read.

    Args:
        websocket: a new connection to the server.
        link: the room and the token.
        name: the member's name.
    """
    entry = ClientHandshake(link, name=name, agent="benchmark")
    hello = encode(entry.hello())
    await websocket.send(hello)
    challenge = decode_from_server(await websocket.recv())
    assert isinstance(challenge, Challenge), challenge
    await websocket.send(encode(entry.prove(hello, challenge)))
