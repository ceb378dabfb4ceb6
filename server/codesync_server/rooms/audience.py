"""Sends messages to the connected members of one room.

Each frame is encoded once, sent to all members, and charged as so many deliveries.
"""

from collections.abc import Callable, Sequence

from codesync_server.access.budgets import Budget
from codesync_server.access.payer import Payer
from codesync_server.rooms.deliveries import DELIVERIES, Deliveries
from codesync_server.rooms.member_channel import MemberChannel


class Audience:
    """The channels to the members of one room.

    Attributes:
        deliveries: charges the frames that are sent.
    """

    def __init__(self, room: str) -> None:
        self.deliveries = Deliveries(room)
        self._channels: dict[str, MemberChannel] = {}  # by client key

    def __len__(self) -> int:
        """Return the number of channels."""
        return len(self._channels)

    def add(self, key: str, channel: MemberChannel) -> None:
        """Add the channel of a member, which receives all frames from now on."""
        self._channels[key] = channel

    def get(self, key: str) -> MemberChannel | None:
        """Return the channel of a client instance; None if it is not connected."""
        return self._channels.get(key)

    def pop(self, key: str) -> MemberChannel | None:
        """Remove and return the channel of a member; None if it is not connected."""
        return self._channels.pop(key, None)

    def reply(self, key: str, frame: bytes) -> None:
        """Send a reply to one client instance, if it is connected."""
        if channel := self._channels.get(key):
            channel.put_reply(frame)

    def dismiss(self, reason: str) -> None:
        """End the connections of all members. Clients show the reason and may reconnect."""
        for channel in list(self._channels.values()):
            channel.close(reason)

    def send_event(
        self,
        frame: bytes,
        payer: Payer | None = None,
        *,
        budget: Budget = DELIVERIES,
        may_skip: bool = False,
        urgent: bool = False,
    ) -> None:
        """Send an event to all members, after all earlier events.

        Args:
            frame: the event.
            payer: the identities that caused the event; None: only the room is charged.
            budget: the budget that is charged.
            may_skip: whether members that do not keep up may miss the event.
            urgent: whether people wait for the event.
        """
        self.deliveries.charge(len(self), frame, payer=payer, budget=budget)
        for channel in self._channels.values():
            channel.put_event(frame, may_skip=may_skip, urgent=urgent)

    def send_state(
        self,
        kind: str,
        *frames: bytes,
        whole: Callable[[], Sequence[bytes]] | None = None,
    ) -> None:
        """Send a state to all members, in one frame or in pages; see `MemberChannel.put_state`."""
        if frames:
            self.deliveries.charge(len(self), *frames)
            for channel in self._channels.values():
                channel.put_state(kind, *frames, whole=whole)

    def send_reply(self, frame: bytes, payer: Payer | None = None) -> None:
        """Send a frame to all members without replacing earlier frames or waiting for events.

        Args:
            frame: what to send.
            payer: the identities that caused the frame; None: only the room is charged.
        """
        self.deliveries.charge(len(self), frame, payer=payer)
        for channel in self._channels.values():
            channel.put_reply(frame)
