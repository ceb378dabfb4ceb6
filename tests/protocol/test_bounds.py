"""H09: each message is bounded by its types, and its largest one fits into a frame."""

from typing import Annotated

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from codesync_protocol.codec import decode_from_client, decode_from_server, encode, encoded_size
from codesync_protocol.errors import Code, MessageTooLarge
from codesync_protocol.limits import FRAME_MAX, HELLO_FRAME_MAX, PAGES_MAX
from codesync_protocol.messages import (
    Fault,
    Hello,
    Member,
    Members,
    Proof,
    Queue,
    QueuedJob,
    Rejected,
    Submit,
    SubmitFile,
    Welcome,
    WelcomePart,
)
from codesync_protocol.messages.lists import MEMBERS
from codesync_protocol.paging import (
    Pages,
    join_members,
    join_queue,
    join_welcome,
    pages,
    split_members,
    split_queue,
    split_welcome,
)
from tests.client.rooms import summary, welcome
from tests.protocol.maximal import LARGEST_CHARACTER, Unbounded, largest
from tests.protocol.strategies import CLIENT_KINDS, SERVER_KINDS

LONG = LARGEST_CHARACTER * 200


@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_h09_the_largest_message_of_a_client_fits_into_a_frame(kind: type[msgspec.Struct]) -> None:
    message = largest(kind)
    assert decode_from_client(encode(message)) == message


def test_h09_the_largest_messages_before_the_welcome_fit_into_their_smaller_frames() -> None:
    hello = msgspec.structs.replace(largest(Hello), token="", room="x" * 64)  # as version 2 has it
    for message in (hello, largest(Proof)):
        encode(message, HELLO_FRAME_MAX)


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_h09_the_largest_message_of_a_server_fits_into_a_frame(kind: type[msgspec.Struct]) -> None:
    message = largest(kind)
    assert decode_from_server(encode(message)) == message


def test_h09_a_field_without_a_bound_is_found() -> None:
    class Loose(msgspec.Struct):
        name: Annotated[str, Meta(max_length=3)]
        items: tuple[int, ...]

    with pytest.raises(Unbounded, match=r"Loose\.items"):
        largest(Loose)


def test_h09_a_message_that_is_too_large_is_not_encoded() -> None:
    files = (SubmitFile("x", 1),) * 20_000
    with pytest.raises(MessageTooLarge) as error:
        encode(Submit("0" * 32, "python", files, body=b"x" * FRAME_MAX))
    assert error.value.kind == "Submit"
    assert error.value.limit == FRAME_MAX < error.value.size


def test_h09_a_text_of_the_server_is_cut_to_its_field_without_splitting_a_character() -> None:
    fault = decode_from_server(encode(Fault(Code.BUSY, LARGEST_CHARACTER * 9_000)))
    assert isinstance(fault, Fault)
    assert fault.reason == LARGEST_CHARACTER * 1_999 + "…"
    rejected = Rejected("0" * 32, Code.BUSY, "short", "x" * 2_000)
    assert decode_from_server(encode(rejected)) == rejected


def a_member(number: int, name: str) -> Member:
    return Member(number, name, "editor", number)


def a_queued(number: int) -> QueuedJob:
    return QueuedJob(f"{number:032x}", "queued", number)


names = st.text(max_size=200)


@given(st.lists(names, max_size=300))
@settings(max_examples=30, deadline=None)
def test_h09_pages_hold_all_items_in_order_within_the_bound(names: list[str]) -> None:
    items = [a_member(number, name) for number, name in enumerate(names)]
    split = pages(items, MEMBERS)
    assert [item for page in split for item in page] == items
    assert all(sum(map(encoded_size, page)) <= MEMBERS.size for page in split)
    assert all(split[1:])


def a_full_welcome() -> Welcome:
    members = Members(tuple(a_member(number, LONG) for number in range(1_000)))
    queue = Queue(tuple(a_queued(number) for number in range(2_000)), 2_000, 3, 3)
    jobs = tuple(summary(number) for number in range(1_000))
    return msgspec.structs.replace(welcome(*jobs), members=members, queue=queue)


def test_h09_a_welcome_of_any_size_is_split_into_frames_and_joined_again() -> None:
    whole = a_full_welcome()
    frames = [encode(each) for each in split_welcome(whole)]
    first, *parts = [decode_from_server(frame) for frame in frames]
    assert isinstance(first, Welcome)
    assert len(parts) > 5
    assert join_welcome(first, [part for part in parts if isinstance(part, WelcomePart)]) == whole


def test_h09_a_small_welcome_is_one_message() -> None:
    assert split_welcome(welcome(summary(1))) == [welcome(summary(1))]


def test_h09_members_and_queue_are_paged_and_joined_again() -> None:
    whole = a_full_welcome()
    members, queue = Pages[Members](), Pages[Queue]()
    split = [decode_from_server(encode(each)) for each in split_members(whole.members)]
    gathered = [members.add(page) for page in split if isinstance(page, Members)]
    assert not any(gathered[:-1])
    assert join_members(gathered[-1]) == whole.members
    queued = [decode_from_server(encode(each)) for each in split_queue(whole.queue)]
    collected = [queue.add(page) for page in queued if isinstance(page, Queue)]
    assert not any(collected[:-1])
    assert join_queue(collected[-1]) == whole.queue


def test_h09_pages_of_a_state_that_was_replaced_are_dropped() -> None:
    old, new = (a_member(1, "old"),), (a_member(2, "new"),)
    collected = Pages[Members]()
    assert not collected.add(Members(old, 0, more=True))
    assert not collected.add(Members(new, 0, more=True))
    assert not collected.add(Members(old, 2))
    assert join_members(collected.add(Members(new, 1))).members == new + new
    assert not collected.add(Members(old, 1))


def test_h09_a_server_that_sends_pages_without_end_fills_no_memory() -> None:
    collected = Pages[Members]()
    for page in range(PAGES_MAX + 10):
        assert not collected.add(Members((), page, more=True))
    assert len(join_members(collected.add(Members((a_member(1, "x"),), 0))).members) == 1
