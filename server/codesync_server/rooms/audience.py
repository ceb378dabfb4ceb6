"""Sends messages to the connected members of one room: each frame is encoded once."""

from collections.abc import Callable, Sequence

from codesync_server.rooms.member_channel import MemberChannel


class Audience:
    """The channels to the members of one room."""

    def __init__(self) -> None:
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

    def send_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        """Send an event to all members, after all earlier events.

        Args:
            frame: the event.
            may_skip: whether members that do not keep up may miss the event.
            urgent: whether people wait for the event.
        """
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
            for channel in self._channels.values():
                channel.put_state(kind, *frames, whole=whole)

    def send_reply(self, frame: bytes) -> None:
        """Send a frame to all members without replacing earlier frames or waiting for events."""
        for channel in self._channels.values():
            channel.put_reply(frame)
