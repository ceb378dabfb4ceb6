"""Frames that the server encodes equal those of the websocket library."""

import pytest
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from codesync_server.connections.websocket_frames import FrameCache


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_is_that_of_the_library(size: int) -> None:
    library = ServerProtocol(state=OPEN)
    message = bytes(size)
    library.send_binary(message)
    assert FrameCache().binary(message) == b"".join(library.data_to_send())


def test_one_frame_is_made_for_all_who_are_sent_a_message() -> None:
    cache, message = FrameCache(), bytes(100)
    frame = cache.binary(message)
    assert cache.binary(message) is frame
    assert cache.binary(bytes(99)) != frame
    assert cache.binary(message) == frame
