"""Runs the program in the editor, as a member does."""

from codesync_protocol.messages import Submit
from tests.tui.app_in_room import AppInRoom


async def run(on: AppInRoom) -> Submit:
    """Press run; give what was submitted."""
    before = len(on.server.received)
    await on.press("f5")
    return await on.server.wait_for(Submit, lambda m: m in on.server.received[before:])
