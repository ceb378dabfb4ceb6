"""Rights to type into a program, the window, and that each byte counts once."""

import pickle

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.messages import StdinMode
from codesync_server.jobs.stdin import KEYS_MAX, PARTS_MAX, UNREAD_MAX, JobStdin

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


def opened(mode: StdinMode, prepared: int = 0) -> tuple[JobStdin, Program]:
    stdin, program = JobStdin(mode, ANA, prepared), Program()
    stdin.open(program)
    return stdin, program


def refused(stdin: JobStdin, key: str, offset: int, data: bytes) -> Code:
    with pytest.raises(FrameError) as caught:
        stdin.accept(key, offset, data)
    assert not caught.value.fatal
    return caught.value.code


def test_what_is_typed_reaches_the_program() -> None:
    stdin, program = opened(StdinMode.PIPED)
    assert stdin.accept(ANA, 0, b"one ") == b"one "
    assert stdin.accept(ANA, 4, b"two") == b"two"
    assert stdin.end(ANA)
    assert (program.received, program.ends) == (b"one two", 1)


def test_what_is_typed_before_the_program_runs_waits_for_it() -> None:
    stdin, program = JobStdin(StdinMode.PIPED, ANA, 0), Program()
    stdin.accept(ANA, 0, b"early")
    stdin.end(ANA)
    stdin.open(program)
    assert (program.received, program.ends) == (b"early", 1)


def test_a_closed_stdin_ends_at_once_and_takes_nothing() -> None:
    stdin, program = opened(StdinMode.CLOSED)
    assert program.ends == 1
    assert refused(stdin, ANA, 0, b"x") is Code.STDIN_CLOSED
    with pytest.raises(FrameError):
        stdin.end(ANA)


def test_only_the_submitter_types_into_a_pipe() -> None:
    stdin, program = opened(StdinMode.PIPED)
    assert refused(stdin, BEN, 0, b"x") is Code.STDIN_CLOSED
    with pytest.raises(FrameError):
        stdin.end(BEN)
    assert (program.received, program.ends) == (b"", 0)


def test_anybody_types_into_a_shared_stdin_and_anybody_ends_it() -> None:
    stdin, program = opened(StdinMode.SHARED)
    stdin.accept(ANA, 0, b"a")
    stdin.accept(BEN, 0, b"b")
    stdin.end(BEN)
    assert (program.received, program.ends) == (b"ab", 1)
    assert refused(stdin, ANA, 1, b"more") is Code.STDIN_CLOSED
    with pytest.raises(FrameError):
        stdin.end(ANA)


def test_what_is_sent_again_after_a_cut_counts_once() -> None:
    stdin, program = opened(StdinMode.PIPED)
    stdin.accept(ANA, 0, b"0123")
    assert stdin.accept(ANA, 0, b"0123") == b""
    assert stdin.accept(ANA, 2, b"2345") == b"45"
    assert program.received == b"012345"


def test_input_and_its_end_may_be_said_again_after_the_end() -> None:
    stdin, program = opened(StdinMode.SHARED)
    stdin.accept(ANA, 0, b"0123")
    assert stdin.end(ANA)
    assert stdin.accept(ANA, 0, b"0123") == b""
    assert not stdin.end(ANA)
    assert refused(stdin, ANA, 2, b"234") is Code.STDIN_CLOSED
    assert (program.received, program.ends) == (b"0123", 1)


def test_a_hole_is_refused() -> None:
    stdin, program = opened(StdinMode.PIPED)
    assert refused(stdin, ANA, 1, b"x") is Code.BAD_SUBMISSION
    assert refused(stdin, ANA, (1 << 53) - 1, b"x") is Code.BAD_SUBMISSION
    assert program.received == b""


def test_nobody_is_more_than_a_window_ahead_of_the_program() -> None:
    stdin, program = opened(StdinMode.SHARED)
    stdin.accept(ANA, 0, bytes(STDIN_WINDOW))
    assert refused(stdin, ANA, STDIN_WINDOW, b"x") is Code.STDIN_OVERFLOW
    stdin.accept(BEN, 0, b"others may")
    stdin.taken(1)
    stdin.accept(ANA, STDIN_WINDOW, b"x")
    assert len(program.received) == STDIN_WINDOW + 11


def test_all_together_are_not_far_ahead_of_the_program_either() -> None:
    stdin, _ = opened(StdinMode.SHARED)
    for number in range(UNREAD_MAX // STDIN_WINDOW):
        stdin.accept(f"{number:032}", 0, bytes(STDIN_WINDOW))
    assert refused(stdin, ANA, 0, b"x") is Code.STDIN_OVERFLOW


def test_input_that_came_early_is_bounded_as_well() -> None:
    stdin = JobStdin(StdinMode.PIPED, ANA, 0)
    stdin.accept(ANA, 0, bytes(STDIN_WINDOW))
    assert refused(stdin, ANA, STDIN_WINDOW, b"x") is Code.STDIN_OVERFLOW


def test_a31_members_who_send_single_bytes_in_turns_fill_no_memory() -> None:
    """Each change of the sender is an entry in memory, and costs only one byte of the window."""
    stdin, _ = opened(StdinMode.SHARED)
    stdin.accept(ANA, 0, b"x")
    turns = 1
    while turns < 2 * PARTS_MAX:
        try:
            stdin.accept((ANA, BEN)[turns % 2], turns // 2, b"x")
        except FrameError as error:
            assert error.code is Code.STDIN_OVERFLOW  # noqa: PT017 # it is refused only then
            break
        turns += 1
    assert turns < PARTS_MAX + 1
    stdin.taken(10)
    stdin.accept((ANA, BEN)[turns % 2], turns // 2, b"x")


def test_the_prepared_input_is_taken_first_and_credited_to_nobody() -> None:
    stdin, _ = opened(StdinMode.SHARED, prepared=10)
    stdin.accept(ANA, 0, b"aaa")
    stdin.accept(BEN, 0, b"bb")
    stdin.accept(ANA, 3, b"aa")
    assert stdin.taken(10) == {}
    assert stdin.taken(12) == {ANA: 2}
    assert stdin.taken(16) == {ANA: 4, BEN: 2}
    assert stdin.taken(17) == {ANA: 5}
    assert (stdin.credited(ANA), stdin.credited(BEN), stdin.credited("c" * 32)) == (5, 2, 0)


def test_a_runner_that_claims_to_have_taken_more_than_was_sent_credits_no_more() -> None:
    stdin, _ = opened(StdinMode.SHARED)
    stdin.accept(ANA, 0, b"aaa")
    assert stdin.taken(1000) == {ANA: 3}
    assert stdin.taken(2000) == {}


class Typing(RuleBasedStateMachine):
    """Several members who type into one program, with repeats and a program that reads slowly."""

    def __init__(self) -> None:
        super().__init__()
        self.stdin, self.program = JobStdin(StdinMode.SHARED, ANA, 5), Program()
        self.sent = {ANA: 0, BEN: 0}
        self.log: list[tuple[str, int]] = [("", 5)]
        self.taken = 0
        self.is_open = False

    @rule()
    def open(self) -> None:
        if not self.is_open:
            self.is_open = True
            self.stdin.open(self.program)

    @rule(
        key=st.sampled_from([ANA, BEN]), length=st.integers(0, STDIN_WINDOW), back=st.integers(0, 9)
    )
    def type(self, key: str, length: int, back: int) -> None:
        offset = max(0, self.sent[key] - back)
        data = key[0].encode() * (length + self.sent[key] - offset)
        ahead = self.sent[key] + length - self.stdin.credited(key)
        try:
            fresh = self.stdin.accept(key, offset, data)
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
        self.stdin.taken(self.taken)

    @invariant()
    def every_byte_is_credited_to_whom_it_came_from(self) -> None:
        left = self.taken
        credit = {ANA: 0, BEN: 0, "": 0}
        for key, length in self.log:
            credit[key] += min(left, length)
            left -= min(left, length)
        assert credit[ANA] == self.stdin.credited(ANA)
        assert credit[BEN] == self.stdin.credited(BEN)
        if self.is_open:
            typed = b"".join(key[0].encode() * length for key, length in self.log[1:])
            assert self.program.received == typed


TestManyWhoType = Typing.TestCase


def test_a31_clients_that_send_and_leave_are_forgotten_in_the_end() -> None:
    stdin, program = opened(StdinMode.SHARED)
    stdin.accept(ANA, 0, b"a")  # never taken: nothing tells that it was
    for number in range(3 * KEYS_MAX):
        key = f"{number:032x}"
        stdin.discard(key, 0, b"x")
        assert stdin.credited(key) == 1
    assert stdin.credited(f"{0:032x}") == 0, "it is forgotten"
    assert len(pickle.dumps(stdin)) < 100 * KEYS_MAX
    assert stdin.accept(ANA, 0, b"ab") == b"b", "who is owed something is known"
    assert program.received == b"ab"
