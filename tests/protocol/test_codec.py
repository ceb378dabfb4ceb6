"""Every message survives encoding and decoding; all other input raises FrameError."""

import math
import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from codesync_protocol.codec import decode_from_client, decode_from_server, encode
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import FRAME_MAX, MIB, PART_MAX
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    ClientMessage,
    Finished,
    Hello,
    Members,
    Notice,
    Rejected,
    ServerMessage,
    Submit,
    SubmitFile,
)
from tests.protocol.strategies import CLIENT_KINDS, INT_MAX, SERVER_KINDS, messages

JOB = "0123456789abcdef" * 2
KEY = "f" * 32

Decode = Callable[[bytes | str], ClientMessage | ServerMessage]
BOTH = pytest.mark.parametrize("decode", [decode_from_client, decode_from_server])


def refused(decode: Decode, frame: bytes | str) -> FrameError:
    """The error that a frame ends in; any other exception fails the test."""
    with pytest.raises(FrameError) as caught:
        decode(frame)
    assert caught.value.code is Code.BAD_FRAME
    assert not caught.value.fatal
    assert 0 < len(caught.value.reason) <= 300
    return caught.value


def pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed


def name_of(kind: type) -> str:
    return kind.__name__


# Messages.


@pytest.mark.parametrize("kind", CLIENT_KINDS, ids=name_of)
@given(data=st.data())
@settings(max_examples=40)
def test_every_message_of_a_client_comes_out_as_it_went_in(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    message = data.draw(messages(kind))
    assert decode_from_client(encode(message)) == message


@pytest.mark.parametrize("kind", SERVER_KINDS, ids=name_of)
@given(data=st.data())
@settings(max_examples=40)
def test_every_message_of_a_server_comes_out_as_it_went_in(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    message = data.draw(messages(kind))
    assert decode_from_server(encode(message)) == message


@pytest.mark.parametrize("kind", CLIENT_KINDS, ids=name_of)
@given(data=st.data())
@settings(max_examples=5)
def test_a54_a_server_may_not_send_what_is_a_clients_to_say(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    refused(decode_from_server, encode(data.draw(messages(kind))))


@pytest.mark.parametrize("kind", SERVER_KINDS, ids=name_of)
@given(data=st.data())
@settings(max_examples=5)
def test_a54_a_client_may_not_send_what_is_a_servers_to_say(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    refused(decode_from_client, encode(data.draw(messages(kind))))


def test_the_largest_part_fits_into_a_frame() -> None:
    files = tuple(SubmitFile("\U0010ffff" * 100, 1) for _ in range(32))
    submit = Submit(JOB, "x" * 40, files, args=(b"x" * 8192,), body=b"x" * PART_MAX)
    frame = encode(submit)
    assert len(frame) <= FRAME_MAX
    assert decode_from_client(frame) == submit


def test_a_name_that_is_not_unicode_is_sent_with_replacements_instead_of_failing() -> None:
    # Names of files on POSIX are bytes; Python shows those that are not UTF-8 as lone surrogates.
    submit = Submit(JOB, "python", (SubmitFile("caf\udce9.py", 1),), body=b"x")
    received = decode_from_client(encode(submit))
    assert isinstance(received, Submit)
    assert received.files[0].name == "caf?.py"


# Versions: what may be added later, and what may not.


def test_a_hello_of_a_later_version_may_have_more_fields() -> None:
    hello = Hello(1, 7, "room", "token", "ana", KEY)
    longer = pack([*msgpack.unpackb(encode(hello)), {"new": 1}])
    assert decode_from_client(longer) == hello


def test_a_message_of_an_older_version_may_lack_the_fields_with_defaults() -> None:
    assert decode_from_client(pack(["hello", 1, 1, "room", "token", "ana", KEY])) == Hello(
        1, 1, "room", "token", "ana", KEY
    )


def test_a_server_of_a_later_version_may_send_more_fields() -> None:
    assert decode_from_server(pack(["accepted", JOB, 1, "new"])) == Accepted(JOB, 1)


@pytest.mark.parametrize("kind", [kind for kind in CLIENT_KINDS if kind is not Hello], ids=name_of)
@given(data=st.data())
@settings(max_examples=5)
def test_a54_other_messages_of_a_client_may_have_no_further_field(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    fields = msgpack.unpackb(encode(data.draw(messages(kind))))
    refused(decode_from_client, pack([*fields, 0]))


def test_missing_fields_are_refused() -> None:
    refused(decode_from_client, pack(["cancel"]))
    refused(decode_from_client, pack(["hello", 1, 1, "room"]))


# Bounds.


def broken_bounds(kind: inspect.Type) -> list[tuple[str, object]]:
    """Values just outside of what a type allows, each with what is wrong with it."""
    match kind:
        case inspect.Metadata(type=inner):
            return broken_bounds(inner)
        case inspect.IntType(ge=int() as low):
            high = kind.le if kind.le is not None else (kind.lt or 0) - 1
            return [("too small", low - 1), ("too large", high + 1), ("largest", INT_MAX)]
        case inspect.StrType(max_length=int() as longest):
            return [("too long", "0" * (longest + 1))]
        case inspect.BytesType(max_length=int() as longest):
            return [("too long", b"0" * (longest + 1))]
        case inspect.EnumType():
            return [("unknown", "unheard-of")]
        case inspect.BoolType():
            return [("number", 1)]
        case inspect.VarTupleType(max_length=int() as longest):
            return [("too many", [0] * (longest + 1))]
        case _:
            return []


def outside_of_bounds() -> list[Any]:
    """Every field of every client message, with each value that it must not have."""
    cases: list[Any] = []
    for kind in CLIENT_KINDS:
        described = inspect.type_info(kind)
        assert isinstance(described, inspect.StructType)
        for place, field in enumerate(described.fields):
            for what, value in broken_bounds(field.type):
                case_id = f"{kind.__name__}.{field.name} {what}"
                cases.append(pytest.param(kind, place, value, id=case_id))
    return cases


@pytest.mark.parametrize(("kind", "place", "value"), outside_of_bounds())
@given(data=st.data())
@settings(max_examples=3)
def test_every_bound_of_every_field_of_a_client_is_held(
    kind: type[msgspec.Struct], place: int, value: object, data: st.DataObject
) -> None:
    fields = msgpack.unpackb(encode(data.draw(messages(kind))))
    fields[1 + place] = value
    refused(decode_from_client, pack(fields))


def unbounded(kind: inspect.Type, path: str, *, numbers_only: bool = False) -> list[str]:
    """Where a type lets numbers, texts, bytes or tuples be as large as they like."""

    def inside(inner: inspect.Type, place: str) -> list[str]:
        return unbounded(inner, place, numbers_only=numbers_only)

    match kind:
        case inspect.Metadata(type=inner_kind):
            return inside(inner_kind, path)
        case inspect.StructType(fields=fields):
            return [each for f in fields for each in inside(f.type, f"{path}.{f.name}")]
        case inspect.VarTupleType(item_type=item, max_length=longest):
            mine = [path] if longest is None and not numbers_only else []
            return mine + inside(item, f"{path}[]")
        case inspect.UnionType(types=types):
            return [each for one in types for each in inside(one, path)]
        case inspect.IntType(ge=low, le=high, lt=limit):
            return [path] if low is None or (high is None and limit is None) else []
        case inspect.FloatType(ge=low, le=high):
            return [path] if low is None or high is None else []
        case inspect.StrType(max_length=longest) | inspect.BytesType(max_length=longest):
            return [path] if longest is None and not numbers_only else []
        case _:
            return []


@pytest.mark.parametrize("kind", CLIENT_KINDS, ids=name_of)
def test_everything_that_a_client_sends_is_bounded(kind: type[msgspec.Struct]) -> None:
    assert unbounded(inspect.type_info(kind), kind.__name__) == []


@pytest.mark.parametrize("kind", SERVER_KINDS, ids=name_of)
def test_every_number_that_a_server_sends_is_bounded(kind: type[msgspec.Struct]) -> None:
    # Its texts and tuples are bounded by the frame that they come in.
    assert unbounded(inspect.type_info(kind), kind.__name__, numbers_only=True) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 1e300])
def test_figures_that_are_no_numbers_are_refused_from_a_server(value: float) -> None:
    for place in (4, 5):  # cpu and wall seconds
        result: list[object] = ["ok", "exit code 0", 0, None, 0.5, 0.5, 1, "rusage", 0, []]
        result[place] = value
        refused(decode_from_server, pack(["finished", 1, JOB, result, ""]))
    stages = ["ok", "exit code 0", 0, None, 0.5, 0.5, 1, "rusage", 0, [["ran", value]]]
    refused(decode_from_server, pack(["finished", 1, JOB, stages, ""]))
    summary = [JOB, 1, "ana", "python", "main.py", "queued", value, "closed", False]
    refused(decode_from_server, pack(["submitted", 1, summary]))


# Frames that make no sense.


NONSENSE = {
    "empty": b"",
    "reserved byte": b"\xc1",
    "nil": b"\xc0",
    "a map": b"\x80",
    "an empty array": b"\x90",
    "a number": b"\x01",
    "a text": b"\xa5hello",
    "no tag": b"\x91\x90",
    "a number for a tag": pack([1, JOB]),
    "bytes for a tag": pack([b"cancel", JOB]),
    "an unknown tag": pack(["exec", JOB]),
    "a very long unknown tag": pack(["x" * 100_000]),
    "a tag that is no text": b"\x91\xa4\xff\xff\xff\xff",
    "a field that is no text": b"\x92\xa6cancel\xd9\x20" + b"\xff" * 32,
    "a job id in capitals": pack(["cancel", JOB.upper()]),
    "a job id with a line feed": pack(["cancel", JOB + "\n"]),
    "a job id that is too short": pack(["cancel", JOB[:-1]]),
    "a map for a message": pack({"type": "cancel", "job": JOB}),
    "a timestamp": b"\x92\xa6cancel" + b"\xd7\xff" + b"\xff" * 8,
    "a timestamp of 96 bits": b"\x92\xa6cancel" + b"\xc7\x0c\xff" + b"\x7f" + b"\xff" * 11,
    "an extension": b"\x92\xa6cancel" + b"\xd4\x01\x00",
    "an extension for a message": b"\xd4\x05\x00",
    "an extension without its data": b"\xc9\xff\xff\xff\xff\x01",
    "NaN for a number": pack(["fetch", JOB, math.nan]),
    "infinity for a number": pack(["fetch", JOB, math.inf]),
    "a float for a number": pack(["fetch", JOB, 1.5]),
    "a bool for a number": pack(["fetch", JOB, True]),
    "the largest number": b"\x93\xa5fetch\xd9\x20" + JOB.encode() + b"\xcf" + b"\xff" * 8,
    "the least number": b"\x93\xa5fetch\xd9\x20" + JOB.encode() + b"\xd3\x80" + bytes(7),
}


@BOTH
@pytest.mark.parametrize("frame", NONSENSE.values(), ids=NONSENSE)
def test_a53_a_frame_that_makes_no_sense_is_a_frame_error(decode: Decode, frame: bytes) -> None:
    refused(decode, frame)


@BOTH
@pytest.mark.parametrize("text", ["", "hello", '["cancel"]', "\udcff", "x" * 300_000])
def test_a_text_frame_is_a_frame_error(decode: Decode, text: str) -> None:
    assert "text" in refused(decode, text).reason


def test_bytes_behind_a_message_are_a_frame_error() -> None:
    whole = encode(Cancel(JOB))
    for behind in (b"\xc0", b"\x00", whole):
        refused(decode_from_client, whole + behind)


@given(data=st.data())
def test_a_frame_that_ends_too_early_is_a_frame_error(data: st.DataObject) -> None:
    frame = encode(data.draw(st.sampled_from(CLIENT_KINDS).flatmap(messages)))
    cut = data.draw(st.integers(0, len(frame) - 1))
    refused(decode_from_client, frame[:cut])


@BOTH
@pytest.mark.parametrize("opening", [b"\x91", b"\x81\x01", b"\x81\xa1x"], ids=["array", "map", "x"])
@pytest.mark.parametrize("depth", [1_000, 100_000, 1_000_000])
def test_a50_depth_is_a_frame_error_and_no_recursion(
    decode: Decode, opening: bytes, depth: int
) -> None:
    refused(decode, opening * depth + b"\xc0")
    refused(decode, b"\x92\xa6cancel" + opening * depth + b"\xc0")
    # A later hello may have more fields; what is in them is skipped, not built.
    hello = encode(Hello(1, 1, "room", "token", "ana", KEY))
    with suppress(FrameError):
        decode(bytes([hello[0] + 1]) + hello[1:] + opening * depth + b"\xc0")


@BOTH
@pytest.mark.parametrize(
    "claim",
    [b"\xdd", b"\xdf", b"\xc6", b"\xdb", b"\xc9"],
    ids=["array", "map", "bytes", "text", "extension"],
)
def test_a51_a_claim_of_four_thousand_million_items_costs_nothing(
    decode: Decode, claim: bytes
) -> None:
    def attack() -> None:
        for head in (b"", b"\x92\xa6cancel", b"\x92\xa7members"):
            refused(decode, head + claim + b"\xff\xff\xff\xff")

    assert peak_of(attack) < 100_000


def peak_of(attack: Callable[[], object]) -> int:
    """The most bytes that were allocated at once in addition to those before."""
    attack()  # what is made once, is made now
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        attack()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


EMPTY_MAPS = b"\xdd" + struct.pack(">I", MIB) + b"\x80" * MIB
NESTED_MAPS = (
    b"\xdd" + struct.pack(">I", 1024) + (b"\xdd" + struct.pack(">I", 1024) + b"\x80" * 1024) * 1024
)


@BOTH
@pytest.mark.parametrize("bomb", [EMPTY_MAPS, NESTED_MAPS], ids=["a MiB of maps", "1024 x 1024"])
@pytest.mark.parametrize(
    "head", [b"", b"\x92\xa6cancel", b"\x92\xa7members"], ids=["message", "text", "tuple"]
)
def test_a52_a_bomb_of_empty_maps_is_never_built(decode: Decode, head: bytes, bomb: bytes) -> None:
    frame = head + bomb
    assert peak_of(lambda: refused(decode, frame)) < 100_000


def test_a52_a_bomb_in_a_field_that_is_unknown_is_skipped_and_not_built() -> None:
    hello = encode(Hello(1, 1, "room", "token", "ana", KEY))
    frame = bytes([hello[0] + 1]) + hello[1:] + EMPTY_MAPS
    assert peak_of(lambda: decode_from_client(frame)) < 100_000


# Fuzzing.


@BOTH
@given(frame=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_frame_error(decode: Decode, frame: bytes) -> None:
    try:
        decode(frame)
    except FrameError as error:
        assert error.code is Code.BAD_FRAME  # noqa: PT017 # most examples do not raise


@given(data=st.data())
@settings(max_examples=400)
def test_a_damaged_message_is_a_message_or_a_frame_error(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(CLIENT_KINDS + SERVER_KINDS))
    frame = bytearray(encode(data.draw(messages(kind))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame)))
        match data.draw(st.sampled_from(["replace", "insert", "remove", "repeat"])):
            case "replace":
                frame[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "insert":
                frame[at:at] = data.draw(st.binary(min_size=1, max_size=5))
            case "remove":
                del frame[at : at + data.draw(st.integers(1, 5))]
            case _:
                frame[at:at] = frame[at : at + 10]
    for decode in (decode_from_client, decode_from_server):
        try:
            message = decode(bytes(frame))
        except FrameError:
            continue
        again = encode(message)
        assert encode(decode(again)) == again


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text() | st.binary()
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(PLAIN, st.sampled_from([str(kind.__struct_config__.tag) for kind in CLIENT_KINDS]))
def test_any_plain_object_is_a_message_or_a_frame_error(value: object, tag: str) -> None:
    for frame in (pack(value), pack([tag, value]), pack([tag, JOB, value])):
        try:
            decode_from_client(frame)
        except FrameError:
            continue


def test_a53_a_bool_is_no_number_and_a_number_is_no_bool() -> None:
    refused(decode_from_client, pack(["fetch", JOB, False]))
    submit = ["submit", JOB, "python", [["main.py", 0]], [], 0, "closed", 0]
    refused(decode_from_client, pack(submit))


def test_a_message_may_hold_at_most_its_number_of_files_and_arguments() -> None:
    file, arg = ["main.py", 0], b""
    refused(decode_from_client, pack(["submit", JOB, "python", ()]))
    refused(decode_from_client, pack(["submit", JOB, "python", [file] * 33]))
    refused(decode_from_client, pack(["submit", JOB, "python", [file], [arg] * 257]))
    decode_from_client(pack(["submit", JOB, "python", [file] * 32, [arg] * 256]))


def test_states_may_be_empty_and_texts_may_be_anything_printable_or_not() -> None:
    # What is shown is made harmless where it is shown; the wire carries it as it is.
    for message in (Members(), Notice("info", "\x1b[2J"), Rejected("", Code.ROLE, "\u202e")):
        assert decode_from_server(encode(message)) == message


@pytest.mark.parametrize("kind", [Finished, Submit], ids=name_of)
@given(data=st.data())
@settings(max_examples=5)
def test_messages_cannot_be_changed(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    message = data.draw(messages(kind))
    with pytest.raises(AttributeError):
        message.job = JOB
