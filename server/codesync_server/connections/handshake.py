"""The exchange before a client becomes a member: hello, challenge, proof, then admission."""

import asyncio
import logging
import secrets
from typing import NamedTuple

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from codesync_protocol.codec import encode
from codesync_protocol.ends import ServerEnd
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.handshake import NONCE_BYTES, Transcript
from codesync_protocol.messages import Challenge, Fault, Hello, Proof, Refused
from codesync_server.connections.admission import Admission, Admitted, ChallengedHello

HELLO_SECONDS = 5.0
"""One deadline for hello and proof together, and one for taking a last message."""

log = logging.getLogger(__name__)


class HandshakeResult(NamedTuple):
    """A client that may enter.

    Attributes:
        hello: its hello.
        admitted: where to, and as what.
    """

    hello: Hello
    admitted: Admitted


class Handshake:
    """One client's handshake.

    Args:
        connection: its websocket.
        end: our end of it.
        admission: decides who may enter.
        address: identity of the client's network address (`address_identity`).
    """

    def __init__(
        self, connection: ServerConnection, end: ServerEnd, admission: Admission, address: str
    ) -> None:
        self._connection = connection
        self._end = end
        self._admission = admission
        self._address = address
        self._awaited = "hello"

    async def run(self) -> HandshakeResult | None:
        """Carry the handshake out; a client that may not enter is told why.

        Returns:
            The entry; None when the connection has ended.
        """
        try:
            return await self._run()
        except TimeoutError:
            await self._fail(Fault(Code.OUT_OF_TURN, f"no {self._awaited} came", fatal=True))
        except FrameError as error:
            await self._fail(Fault(error.code, error.reason, fatal=True))
        except ConnectionClosed:
            if self._awaited == "proof":
                log.info("%s left without proving its identity", self._address)
        return None

    async def _run(self) -> HandshakeResult | None:
        async with asyncio.timeout(HELLO_SECONDS):
            frame = await self._connection.recv()
            hello = self._end.receive_hello(frame)
            assert isinstance(frame, bytes)  # text is no hello
            claimed = self._admission.claim(hello, self._address)
            answer: Refused | tuple[ChallengedHello, Transcript, Proof]
            if isinstance(claimed, ChallengedHello):
                transcript = await self._challenge(frame, claimed)
                self._awaited = "proof"
                proof = self._end.receive_proof(await self._connection.recv())
                answer = (claimed, transcript, proof)
            else:
                answer = claimed
        if isinstance(answer, Refused):
            await self.refuse(answer)
            return None
        return await self._admit(hello, *answer)

    async def _challenge(self, hello: bytes, claimed: ChallengedHello) -> Transcript:
        nonce = secrets.token_bytes(NONCE_BYTES)
        transcript = Transcript(hello, claimed.version, nonce)
        proof = transcript.server_proof(claimed.claim.secret)
        self._end.challenge()
        await self._connection.send(encode(Challenge(claimed.version, nonce, proof)))
        return transcript

    async def _admit(
        self, hello: Hello, claimed: ChallengedHello, transcript: Transcript, proof: Proof
    ) -> HandshakeResult | None:
        admitted = await self._admission.admit(hello, claimed, transcript, proof, self._address)
        if isinstance(admitted, Refused):
            await self.refuse(admitted)
            return None
        return HandshakeResult(hello, admitted)

    async def refuse(self, refused: Refused) -> None:
        """Refuse entry, and end the connection."""
        log.info("refused %s: %s", self._address, refused.code)
        self._end.refuse()
        await self._send_and_close(encode(refused), refused.reason)

    async def _fail(self, fault: Fault) -> None:
        await self._send_and_close(encode(fault), fault.reason)

    async def _send_and_close(self, frame: bytes, reason: str) -> None:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                await self._connection.send(frame)
                await self._connection.close(1008, reason.encode()[:100].decode(errors="ignore"))
        except ConnectionClosed:
            pass
        except TimeoutError:  # the library's own close would wait for it without an end
            self._connection.transport.abort()
