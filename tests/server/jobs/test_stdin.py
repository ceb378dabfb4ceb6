"""Who may type into a program, how far ahead of it, and that each byte counts once."""

import pickle

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.messages import StdinMode
from codesync_server.jobs.stdin import KEYS_MAX, ON_THE_WAY_MAX, PARTS_MAX, StdinGate

ANA, BEN = "a" * 32, "b" * 32


class Program:
    """Where input goes."""

    def __init__(self) -> None:
        self.received = b""
        self.ends = 0

    def feed_stdin(self, data: bytes) -> None:
        """Take input."""
        assert not self.ends, "nothing comes behind the end"
        self.received += data

    def end_stdin(self) -> None:
        """Take the end of input."""
        self.ends += 1


def opened(mode: StdinMode, prepared: int = 0) -> tuple[StdinGate, Program]:
    gate, program = StdinGate(mode, ANA, prepared), Program()
    gate.open(program)
    return gate, program


def refused(gate: StdinGate, key: str, offset: int, data: bytes) -> Code:
    with pytest.raises(FrameError) as caught:
        gate.accept(key, offset, data)
    assert not caught.value.fatal
    return caught.value.code


def test_what_is_typed_reaches_the_program() -> None:
    gate, program = opened(StdinMode.PIPED)
    assert gate.accept(ANA, 0, b"one ") == b"one "
    assert gate.accept(ANA, 4, b"two") == b"two"
    assert gate.end(ANA)
    assert (program.received, program.ends) == (b"one two", 1)


def test_what_is_typed_before_the_program_runs_waits_for_it() -> None:
    gate, program = StdinGate(StdinMode.PIPED, ANA, 0), Program()
    gate.accept(ANA, 0, b"early")
    gate.end(ANA)
    gate.open(program)
    assert (program.received, program.ends) == (b"early", 1)


def test_a_closed_stdin_ends_at_once_and_takes_nothing() -> None:
    gate, program = opened(StdinMode.CLOSED)
    assert program.ends == 1
    assert refused(gate, ANA, 0, b"x") is Code.STDIN_CLOSED
    with pytest.raises(FrameError):
        gate.end(ANA)


def test_only_the_submitter_types_into_a_pipe() -> None:
    gate, program = opened(StdinMode.PIPED)
    assert refused(gate, BEN, 0, b"x") is Code.STDIN_CLOSED
    with pytest.raises(FrameError):
        gate.end(BEN)
    assert (program.received, program.ends) == (b"", 0)


def test_anybody_types_into_a_shared_stdin_and_anybody_ends_it() -> None:
    gate, program = opened(StdinMode.SHARED)
    gate.accept(ANA, 0, b"a")
    gate.accept(BEN, 0, b"b")
    gate.end(BEN)
    assert (program.received, program.ends) == (b"ab", 1)
    assert refused(gate, ANA, 1, b"more") is Code.STDIN_CLOSED
    with pytest.raises(FrameError):
        gate.end(ANA)


def test_what_is_sent_again_after_a_cut_counts_once() -> None:
    gate, program = opened(StdinMode.PIPED)
    gate.accept(ANA, 0, b"0123")
    assert gate.accept(ANA, 0, b"0123") == b""
    assert gate.accept(ANA, 2, b"2345") == b"45"
    assert program.received == b"012345"


def test_input_and_its_end_may_be_said_again_after_the_end() -> None:
    gate, program = opened(StdinMode.SHARED)
    gate.accept(ANA, 0, b"0123")
    assert gate.end(ANA)
    assert gate.accept(ANA, 0, b"0123") == b""
    assert not gate.end(ANA)
    assert refused(gate, ANA, 2, b"234") is Code.STDIN_CLOSED
    assert (program.received, program.ends) == (b"0123", 1)


def test_a_hole_is_refused() -> None:
    gate, program = opened(StdinMode.PIPED)
    assert refused(gate, ANA, 1, b"x") is Code.BAD_SUBMISSION
    assert refused(gate, ANA, (1 << 53) - 1, b"x") is Code.BAD_SUBMISSION
    assert program.received == b""


def test_nobody_is_more_than_a_window_ahead_of_the_program() -> None:
    gate, program = opened(StdinMode.SHARED)
    gate.accept(ANA, 0, bytes(STDIN_WINDOW))
    assert refused(gate, ANA, STDIN_WINDOW, b"x") is Code.STDIN_OVERFLOW
    gate.accept(BEN, 0, b"others may")
    gate.taken(1)
    gate.accept(ANA, STDIN_WINDOW, b"x")
    assert len(program.received) == STDIN_WINDOW + 11


def test_all_together_are_not_far_ahead_of_the_program_either() -> None:
    gate, _ = opened(StdinMode.SHARED)
    for number in range(ON_THE_WAY_MAX // STDIN_WINDOW):
        gate.accept(f"{number:032}", 0, bytes(STDIN_WINDOW))
    assert refused(gate, ANA, 0, b"x") is Code.STDIN_OVERFLOW


def test_input_that_came_early_is_bounded_as_well() -> None:
    gate = StdinGate(StdinMode.PIPED, ANA, 0)
    gate.accept(ANA, 0, bytes(STDIN_WINDOW))
    assert refused(gate, ANA, STDIN_WINDOW, b"x") is Code.STDIN_OVERFLOW


def test_a31_members_who_send_single_bytes_in_turns_fill_no_memory() -> None:
    """Each change of the sender is an entry in memory, and costs only one byte of the window."""
    gate, _ = opened(StdinMode.SHARED)
    gate.accept(ANA, 0, b"x")
    turns = 1
    while turns < 2 * PARTS_MAX:
        try:
            gate.accept((ANA, BEN)[turns % 2], turns // 2, b"x")
        except FrameError as error:
            assert error.code is Code.STDIN_OVERFLOW  # noqa: PT017 # it is refused only then
            break
        turns += 1
    assert turns < PARTS_MAX + 1
    gate.taken(10)
    gate.accept((ANA, BEN)[turns % 2], turns // 2, b"x")


def test_the_prepared_input_is_taken_first_and_credited_to_nobody() -> None:
    gate, _ = opened(StdinMode.SHARED, prepared=10)
    gate.accept(ANA, 0, b"aaa")
    gate.accept(BEN, 0, b"bb")
    gate.accept(ANA, 3, b"aa")
    assert gate.taken(10) == {}
    assert gate.taken(12) == {ANA: 2}
    assert gate.taken(16) == {ANA: 4, BEN: 2}
    assert gate.taken(17) == {ANA: 5}
    assert (gate.credited(ANA), gate.credited(BEN), gate.credited("c" * 32)) == (5, 2, 0)


def test_a_runner_that_claims_to_have_taken_more_than_was_sent_credits_no_more() -> None:
    gate, _ = opened(StdinMode.SHARED)
    gate.accept(ANA, 0, b"aaa")
    assert gate.taken(1000) == {ANA: 3}
    assert gate.taken(2000) == {}


class Typing(RuleBasedStateMachine):
    """Several members who type into one program, with repeats and a program that reads slowly."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.program = StdinGate(StdinMode.SHARED, ANA, 5), Program()
        self.sent = {ANA: 0, BEN: 0}
        self.log: list[tuple[str, int]] = [("", 5)]
        self.taken = 0
        self.is_open = False

    @rule()
    def open(self) -> None:
        if not self.is_open:
            self.is_open = True
            self.gate.open(self.program)

    @rule(
        key=st.sampled_from([ANA, BEN]), length=st.integers(0, STDIN_WINDOW), back=st.integers(0, 9)
    )
    def type(self, key: str, length: int, back: int) -> None:
        offset = max(0, self.sent[key] - back)
        data = key[0].encode() * (length + self.sent[key] - offset)
        ahead = self.sent[key] + length - self.gate.credited(key)
        try:
            fresh = self.gate.accept(key, offset, data)
        except FrameError as error:
            assert error.code is Code.STDIN_OVERFLOW  # noqa: PT017 # it is refused only then
            assert ahead > STDIN_WINDOW
            return
        assert len(fresh) == length
        self.sent[key] += length
        self.log.append((key, length))

    @precondition(lambda self: self.is_open)
    @rule(count=st.integers(0, STDIN_WINDOW))
    def take(self, count: int) -> None:
        everything = 5 + len(self.program.received)
        self.taken = min(self.taken + count, everything)
        self.gate.taken(self.taken)

    @invariant()
    def every_byte_is_credited_to_whom_it_came_from(self) -> None:
        left = self.taken
        credit = {ANA: 0, BEN: 0, "": 0}
        for key, length in self.log:
            credit[key] += min(left, length)
            left -= min(left, length)
        assert credit[ANA] == self.gate.credited(ANA)
        assert credit[BEN] == self.gate.credited(BEN)
        if self.is_open:
            typed = b"".join(key[0].encode() * length for key, length in self.log[1:])
            assert self.program.received == typed


TestManyWhoType = Typing.TestCase


def test_a31_clients_that_send_and_leave_are_forgotten_in_the_end() -> None:
    gate, program = opened(StdinMode.SHARED)
    gate.accept(ANA, 0, b"a")  # never taken: nothing tells that it was
    for number in range(3 * KEYS_MAX):
        key = f"{number:032x}"
        gate.discard(key, 0, b"x")
        assert gate.credited(key) == 1
    assert gate.credited(f"{0:032x}") == 0, "it is forgotten"
    assert len(pickle.dumps(gate)) < 100 * KEYS_MAX
    assert gate.accept(ANA, 0, b"ab") == b"b", "who is owed something is known"
    assert program.received == b"ab"
