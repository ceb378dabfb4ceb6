"""Limits the number of connected clients, and the rate of new ones.

Before they are members, their address is charged; when they join, invite and room as well.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from codesync_protocol.errors import Code
from codesync_server.access.addresses import address_identity
from codesync_server.access.budgets import Budget, Budgets, member_budget
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Payer
from codesync_server.access.shares import Share, Shares
from codesync_server.access.token_buckets import Rate
from codesync_server.configuration.settings import Settings

HANDSHAKE_SECONDS = 10.0
"""How long a client has from its TCP connection to its welcome, or a plain HTTP request in all."""

ACCEPTED_FACTOR = 2
"""Connections beyond the rate are refused with a reason up to this factor, and reset beyond it:
a refusal costs an HTTP exchange."""

PAGES = Budget("HTTP requests", "requests", server=Rate(1000, 200.0), address=Rate(200, 40.0))
"""GET /health and GET /stats."""

HEALTH_CHECKS = Budget("HTTP requests", "requests", address=Rate(10, 1.0))
"""So many GET /health of an address are not charged to the server's limit: other addresses that
have used it up must not make a server look dead to whoever watches it."""


@dataclass(eq=False, slots=True)
class TrackedConnection:
    """One TCP connection.

    Attributes:
        payer: the identities that are charged; the address alone until the client is a member.
        accepted_at: seconds of the loop's clock.
        abort: ends the connection at once.
        is_handshaking: the client is neither a member nor gone.
        is_joined: the client is a member.
    """

    payer: Payer
    accepted_at: float
    abort: Callable[[], None]
    is_handshaking: bool = True
    is_joined: bool = False


class _Maxima(NamedTuple):
    members: int
    handshakes: int
    handshakes_per_address: int


class _Rates(NamedTuple):
    accepts: Budget
    handshakes: Budget
    joins: Budget
    members: Share


class ClientLimits:
    """Counts clients, and decides which of them may stay.

    When there are too many handshakes, the oldest of the address with the most is aborted in
    favour of the new one: a silent client cannot keep the place of one that completes its
    handshake.

    Args:
        settings: rates and maxima.
        budgets: what clients have spent.
        shares: what clients hold.
        members_max: the most members at once; the settings' or fewer.
        handshakes_max: the most handshakes at once; likewise.

    Attributes:
        aborted: how many connections were aborted before they joined, by reason.
    """

    def __init__(
        self,
        settings: Settings,
        budgets: Budgets,
        shares: Shares,
        members_max: int,
        handshakes_max: int,
    ) -> None:
        self.aborted: Counter[str] = Counter()
        self._budgets = budgets
        self._shares = shares
        self._maxima = _Maxima(members_max, handshakes_max, settings.handshakes_per_address)
        self._rates = _rates(settings, members_max)
        self._handshakes: dict[
            str, dict[TrackedConnection, None]
        ] = {}  # by address, the oldest first
        self._handshaking = 0
        self._joined = 0

    @property
    def handshaking(self) -> int:
        """The number of clients that are not members yet."""
        return self._handshaking

    @property
    def joined(self) -> int:
        """The number of clients that are members."""
        return self._joined

    def accept(
        self, host: str, now: float, abort: Callable[[], None], *, is_proxy: bool = False
    ) -> TrackedConnection | None:
        """Count a new TCP connection.

        Args:
            host: the address of its other end.
            now: the loop's clock.
            abort: ends the connection at once.
            is_proxy: the address is a trusted proxy's, so it is not limited itself.

        Returns:
            The client; None if the connection must be reset.
        """
        payer = Payer(address_identity(host))
        if not is_proxy:
            try:
                self._budgets.charge(self._rates.accepts, payer, 1, now)
            except LimitReached:
                self.aborted["too fast"] += 1
                return None
            if self._is_full(payer.address):
                self._abort_oldest(payer.address, "too many handshakes of the address")
        if self._handshaking >= self._maxima.handshakes:
            heaviest = max(self._handshakes, key=lambda each: len(self._handshakes[each]))
            self._abort_oldest(heaviest, "too many handshakes")
        client = TrackedConnection(payer, now, abort)
        self._add_handshake(client)
        return client

    def identify(self, client: TrackedConnection, host: str) -> None:
        """Charge a client to the address that a trusted proxy names instead of the proxy's."""
        address = address_identity(host)
        if not client.is_handshaking or address == client.payer.address:
            return
        self._remove_handshake(client)
        if self._is_full(address):
            self._abort_oldest(address, "too many handshakes of the address")
        client.payer = Payer(address)
        self._add_handshake(client)

    def request_page(self, client: TrackedConnection, path: str, now: float) -> None:
        """Charge a plain HTTP request.

        Args:
            client: its sender.
            path: without its query.
            now: the loop's clock.

        Raises:
            LimitReached: too many came from the address, or from all addresses together.
        """
        if path == "/health" and self._budgets.can_charge(HEALTH_CHECKS, client.payer, 1, now):
            self._budgets.charge(HEALTH_CHECKS, client.payer, 1, now)
        else:
            self._budgets.charge(PAGES, client.payer, 1, now)

    def request_websocket(self, client: TrackedConnection, now: float) -> None:
        """Charge a websocket's opening handshake.

        Raises:
            LimitReached: too many came from the address, or the server has no place for a member.
        """
        self._shares.acquire(self._rates.members, client.payer)  # whether there is a place
        self._shares.release(self._rates.members, client.payer)
        self._budgets.charge(self._rates.handshakes, client.payer, 1, now)

    def join(self, client: TrackedConnection, payer: Payer, now: float) -> None:
        """Make a client a member.

        Args:
            client: it has shown a valid invite.
            payer: invite, room and member; the address is the client's.
            now: the loop's clock.

        Raises:
            LimitReached: too many members of the address or the server, or too many joins.
        """
        payer = replace(payer, address=client.payer.address)
        self._budgets.charge(self._rates.joins, payer.without_token(), 1, now)
        if not client.is_handshaking:
            return  # its connection was aborted a moment ago
        self._shares.acquire(self._rates.members, payer)
        self._remove_handshake(client)
        client.payer, client.is_joined = payer, True
        self._joined += 1

    def release(self, client: TrackedConnection) -> None:
        """Count a client whose connection is closed no longer."""
        if client.is_handshaking:
            self._remove_handshake(client)
        elif client.is_joined:
            client.is_joined = False
            self._joined -= 1
            self._shares.release(self._rates.members, client.payer)

    def abort_late(self, now: float) -> None:
        """Abort the handshakes that take longer than HANDSHAKE_SECONDS."""
        for clients in list(self._handshakes.values()):
            for client in list(clients):
                if now - client.accepted_at <= HANDSHAKE_SECONDS:
                    break
                self._abort(client, "too slow")

    def _is_full(self, address: str) -> bool:
        return len(self._handshakes.get(address, ())) >= self._maxima.handshakes_per_address

    def _abort_oldest(self, address: str, reason: str) -> None:
        self._abort(next(iter(self._handshakes[address])), reason)

    def _abort(self, client: TrackedConnection, reason: str) -> None:
        self._remove_handshake(client)
        self.aborted[reason] += 1
        client.abort()

    def _add_handshake(self, client: TrackedConnection) -> None:
        self._handshakes.setdefault(client.payer.address, {})[client] = None
        client.is_handshaking = True
        self._handshaking += 1

    def _remove_handshake(self, client: TrackedConnection) -> None:
        clients = self._handshakes[client.payer.address]
        del clients[client]
        if not clients:
            del self._handshakes[client.payer.address]
        client.is_handshaking = False
        self._handshaking -= 1


def _rates(settings: Settings, members_max: int) -> _Rates:
    rate, joins = settings.handshakes_per_second, settings.joins_per_second
    answered = Rate(max(1.0, 10 * rate), rate)
    accepted = Rate(ACCEPTED_FACTOR * answered.burst, ACCEPTED_FACTOR * rate)
    return _Rates(
        Budget("connections", "connections", address=accepted),
        Budget("connections", "connections", address=answered),
        member_budget(
            "joins",
            "joins",
            member=Rate(60, 1.0),
            origin=Rate(max(1.0, 32 * joins), joins),
            code=Code.BUSY,
        ),
        Share(
            "members",
            "members",
            server=members_max,
            address=settings.connections_per_address,
            retry_after=30.0,
        ),
    )
