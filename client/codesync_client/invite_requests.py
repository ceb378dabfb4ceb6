"""Requests for invites."""

import asyncio
from collections.abc import Callable

from codesync_client.errors import Offline
from codesync_protocol.messages import ClientMessage, Invite, MakeInvite, Role, ServerMessage

ANSWER_SECONDS = 10.0
"""Time limit of an answer; after a cut none arrives."""


class InviteRequests:
    """Sends one request for each role, however many callers wait for the answer.

    Args:
        send_now: sends a message, or raises Offline.
    """

    def __init__(self, send_now: Callable[[ClientMessage], None]) -> None:
        self._send_now = send_now
        self._answers: dict[Role, asyncio.Future[str]] = {}

    async def token(self, role: Role, lifetime: float = 0.0) -> str:
        """Return a new token of the room.

        Args:
            role: the role that it grants.
            lifetime: seconds that it is good for, 0 for the server's choice; whoever asks for the
                same role while an answer is awaited gets the same key.

        Raises:
            Offline: the connection is being restored, or no answer came.
        """
        answer = self._answers.get(role)
        if answer is None or answer.done():
            self._send_now(MakeInvite(role, lifetime))
            answer = self._answers[role] = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(asyncio.shield(answer), ANSWER_SECONDS)
        except TimeoutError:
            # Other callers may wait for the same answer; later callers send a new request.
            if self._answers.get(role) is answer:
                del self._answers[role]
            raise Offline("the server gave no invite", "ask again when the room is back") from None

    def receive(self, message: ServerMessage) -> bool:
        """Receive a message.

        Returns:
            Whether it was an answer of this kind.
        """
        if not isinstance(message, Invite):
            return False
        if (answer := self._answers.get(message.role)) and not answer.done():
            answer.set_result(message.token)
        return True
