"""A member destroys the text: all members can restore it, and a host can stop the member."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest

from codesync_client import Room
from codesync_protocol.messages import Role, SetRole
from codesync_protocol.shared_text import SOURCE
from tests.programs import python, submit_and_wait
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

WORK = "print('an afternoon of work: é 🙂')\n"


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


class Den:
    """A room in which ana, a host, ben and eve share a text."""

    def __init__(self, ana: Room, ben: Room, eve: Room) -> None:
        self.ana, self.ben, self.eve = ana, ben, eve

    async def becomes(self, text: str) -> None:
        """Wait until everybody has a text, and the server too."""
        for room in (self.ana, self.ben, self.eve):
            await has(room, text)


@pytest.fixture
async def den(server: RunningServer) -> AsyncGenerator[Den, None]:
    async with AsyncExitStack() as stack:
        rooms: list[Room] = []
        for name, role in (("ana", Role.HOST), ("ben", Role.EDITOR), ("eve", Role.EDITOR)):
            room = server.room(name, role=role, shares_text=True)
            rooms.append(await stack.enter_async_context(room))
            await room.text_settled()
        den = Den(*rooms)
        writes(den.ana, WORK)
        await den.becomes(WORK)
        yield den


async def has(room: Room, text: str) -> None:
    """Wait until somebody has a text, and the server has nothing else from them."""
    await eventually(lambda: room.document.text() == text)
    await room.text_settled()


def writes(room: Room, text: str) -> None:
    """Make the text another one."""
    room.document.end_undo_group()
    room.document.replace(SOURCE, text)


def adds(room: Room, text: str) -> None:
    """Write at the end."""
    room.document.end_undo_group()
    room.document.edit(SOURCE, len(room.document.text().encode()), 0, text)


def undoes(room: Room) -> None:
    """Take back what one did last."""
    room.document.undo()


async def test_a63_whoever_deleted_everything_brings_it_back_by_undo(den: Den) -> None:
    writes(den.eve, "")
    await den.becomes("")
    undoes(den.eve)
    await den.becomes(WORK)


async def test_a63_the_undo_of_others_takes_back_only_what_they_did(den: Den) -> None:
    adds(den.ben, "# ben was here\n")
    await den.becomes(WORK + "# ben was here\n")
    writes(den.eve, "")
    await den.becomes("")
    adds(den.ben, "# what is this?\n")
    await den.becomes("# what is this?\n")
    undoes(den.ben)
    await den.becomes("")
    adds(den.ana, "# ana\n")
    await den.becomes("# ana\n")
    undoes(den.eve)
    await eventually(lambda: den.ana.document.text() != "# ana\n")
    text = den.ana.document.text()
    assert WORK in text
    assert "# ben was here\n" in text
    assert "# ana\n" in text
    await den.becomes(text)


async def test_a63_a_text_that_was_overwritten_again_and_again_comes_back_step_by_step(
    den: Den,
) -> None:
    for number in range(20):
        writes(den.eve, f"{number} " * 1000)
    await den.becomes("19 " * 1000)
    for _ in range(20):
        undoes(den.eve)
    await den.becomes(WORK)


async def test_a63_any_member_takes_the_text_from_a_program_that_was_run(den: Den) -> None:
    await submit_and_wait(den.ana, python(WORK))
    writes(den.eve, "")
    await den.becomes("")
    page = await den.ben.past.page()
    source = await den.ben.past.source(page.jobs[0].summary.job)
    [(_, content)] = source.files
    writes(den.ben, content.decode())
    await den.becomes(WORK)


async def test_a63_a_host_makes_a_viewer_of_the_vandal_who_then_changes_nothing_more(
    den: Den,
) -> None:
    writes(den.eve, "")
    await den.becomes("")
    den.ana.send_now(SetRole(den.eve.welcome.member, Role.VIEWER))
    await eventually(lambda: den.eve.role is Role.VIEWER)
    writes(den.ana, WORK)
    await den.becomes(WORK)
    writes(den.eve, "again")
    await eventually(lambda: den.eve.document.conflict is not None)
    conflict = den.eve.document.conflict
    assert conflict is not None
    assert conflict.mine[SOURCE] == "again"
    assert "viewer" in conflict.reason
    await den.becomes(WORK)
    adds(den.ben, "# and on\n")
    await den.becomes(WORK + "# and on\n")


async def test_a63_a_vandal_who_comes_back_is_a_viewer_still(
    den: Den, server: RunningServer
) -> None:
    den.ana.send_now(SetRole(den.eve.welcome.member, Role.VIEWER))
    await eventually(lambda: den.eve.role is Role.VIEWER)
    link = den.eve.link
    async with Room(link, name="somebody else", shares_text=True) as other:
        assert other.role is Role.VIEWER, "nor does the link help under another key"
        await other.text_settled()
        writes(other, "")
        await eventually(lambda: other.document.conflict is not None)
        await den.becomes(WORK)
