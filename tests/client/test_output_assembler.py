"""Output is delivered once and in order, with gaps marked, however it arrived."""

from collections import deque

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from codesync_client.events import JobOutput, OutputSkipped
from codesync_client.output_assembler import OutputAssembler, Piece
from codesync_protocol.messages import Output, OutputChunk, OutputPart, StdinEcho, Stream

JOB = "0" * 32
OUT, ERR = Stream.STDOUT, Stream.STDERR


def live(offset: int, data: bytes, stream: Stream = OUT) -> Output:
    return Output(1, JOB, stream, offset, data)


def part(offset: int, *data: bytes, total: int) -> OutputPart:
    return OutputPart(JOB, offset, tuple(OutputChunk(OUT, each) for each in data), total)


def out(offset: int, data: bytes, stream: Stream = OUT) -> JobOutput:
    return JobOutput(JOB, stream, offset, data)


def hole(offset: int, count: int) -> OutputSkipped:
    return OutputSkipped(JOB, offset, count)


# One thing at a time.


def test_live_output_is_given_out_as_it_comes() -> None:
    assembler = OutputAssembler(JOB)
    assert assembler.live(live(0, b"abc")) == [out(0, b"abc")]
    assert assembler.live(live(3, b"de", ERR)) == [out(3, b"de", ERR)]
    assert (assembler.position, assembler.complete) == (5, True)


def test_a_repeat_is_not_given_out_again() -> None:
    assembler = OutputAssembler(JOB)
    assembler.live(live(0, b"abc"))
    assert assembler.live(live(0, b"abc")) == []
    assert assembler.live(live(1, b"bcd")) == [out(3, b"d")]


def test_a_hole_is_marked_once() -> None:
    assembler = OutputAssembler(JOB)
    assert assembler.live(live(10, b"x")) == [hole(0, 10), out(10, b"x")]
    assert assembler.known(20) == [hole(11, 9)]
    assert assembler.known(20) == []


def test_an_exact_reader_asks_for_what_is_missing_and_waits_for_it() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assert assembler.wanted() is None
    assert assembler.live(live(10, b"x")) == []
    assert assembler.wanted() == 0
    assert assembler.wanted() is None  # it is on its way
    assert assembler.part(part(0, b"0123", b"456789x", total=11)) == [
        out(0, b"0123"),
        out(4, b"456789x"),
    ]
    assert assembler.complete


def test_an_exact_reader_asks_on_until_it_has_everything() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(4)
    assert assembler.wanted() == 0
    assembler.part(part(0, b"ab", total=4))
    assert assembler.wanted() == 2


def test_what_is_gone_is_a_hole_for_an_exact_reader_too() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(10)
    assert assembler.part(part(6, b"6789", total=10)) == [hole(0, 6), out(6, b"6789")]
    assert assembler.complete


def test_a_server_that_promises_more_and_sends_nothing_is_not_asked_again() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(10)
    assembler.wanted()
    assert assembler.part(part(0, total=10)) == [hole(0, 10)]
    assert assembler.wanted() is None


def test_after_a_cut_what_was_asked_for_is_asked_for_again() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(10)
    assert assembler.wanted() == 0
    assembler.cut()
    assert assembler.wanted() == 0


def test_a_job_that_the_server_has_forgotten_ends_in_a_hole() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.live(live(0, b"ab"))
    assembler.known(10)
    assert assembler.abandon() == [hole(2, 8)]
    assert assembler.complete


def test_a_reader_may_begin_in_the_middle() -> None:
    assembler = OutputAssembler(JOB, start=4, exact=True)
    assembler.known(6)
    assert assembler.wanted() == 4
    assert assembler.part(part(4, b"45", total=6)) == [out(4, b"45")]


def test_answers_to_a_reader_before_this_one_are_left_alone() -> None:
    # Somebody looks at a job, away from it, and at it again, while an answer is on its way.
    first = OutputAssembler(JOB, start=6, exact=True)
    first.known(10)
    assert first.wanted() == 6
    second = OutputAssembler(JOB, start=0, exact=True, stale=first.in_flight)
    second.known(10)
    assert second.wanted() == 0
    assert second.in_flight == 2
    assert second.part(part(6, b"6789", total=10)) == []
    assert second.part(part(0, b"0123456789", total=10)) == [out(0, b"0123456789")]


def test_a_cut_takes_the_answers_to_others_away_too() -> None:
    assembler = OutputAssembler(JOB, exact=True, stale=1)
    assembler.known(2)
    assembler.cut()
    assembler.wanted()
    assert assembler.part(part(0, b"ab", total=2)) == [out(0, b"ab")]


# Anything in any order.


# What was typed in between.


def line(number: int, offset: int) -> StdinEcho:
    return StdinEcho(1, JOB, 1, "ana", b"x", offset=offset, number=number)


def with_lines(offset: int, data: bytes, *lines: StdinEcho, total: int) -> OutputPart:
    return OutputPart(JOB, offset, (OutputChunk(OUT, data),) if data else (), total, lines)


def test_typed_lines_come_as_they_are_typed_and_once() -> None:
    assembler = OutputAssembler(JOB)
    assembler.live(live(0, b"name? "))
    assert assembler.typed(line(0, 6)) == [line(0, 6)]
    assert assembler.typed(line(0, 6)) == []


def test_whoever_comes_later_finds_them_between_the_output() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(10, typed=3)
    assert assembler.wanted() == 0
    assert assembler.typed(line(2, 10)) == [], "it comes with what is fetched"
    pieces = assembler.part(
        with_lines(0, b"one? two? ", line(0, 5), line(1, 10), line(2, 10), total=10)
    )
    assert pieces == [out(0, b"one? "), line(0, 5), out(5, b"two? "), line(1, 10), line(2, 10)]
    assert assembler.complete


def test_lines_without_any_output_are_fetched_too() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(0, typed=1)
    assert (assembler.complete, assembler.wanted()) == (False, 0)
    assert assembler.part(with_lines(0, b"", line(0, 0), total=0)) == [line(0, 0)]
    assert assembler.complete


def test_lines_that_are_not_kept_any_more_are_not_asked_for_without_end() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(3, typed=5)
    assert assembler.wanted() == 0
    assert assembler.part(with_lines(0, b"abc", line(4, 3), total=3)) == [
        out(0, b"abc"),
        line(4, 3),
    ]
    assert (assembler.complete, assembler.wanted()) == (True, None)


def test_h09_lines_that_do_not_fit_into_a_part_are_asked_for_by_their_number() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(6, typed=4)
    assert (assembler.wanted(), assembler.next_line) == (0, 0)
    first = with_lines(0, b"ab", line(0, 2), line(1, 2), total=6)
    first = msgspec.structs.replace(first, more_typed=True)
    assert assembler.part(first) == [out(0, b"ab"), line(0, 2), line(1, 2)]
    assert (assembler.wanted(), assembler.next_line) == (2, 2)
    second = msgspec.structs.replace(with_lines(2, b"", line(2, 2), total=6), more_typed=True)
    assert assembler.part(second) == [line(2, 2)], "no output is skipped for its sake"
    assert (assembler.wanted(), assembler.next_line) == (2, 3)
    last = with_lines(2, b"cdef", line(3, 2), total=6)
    assert assembler.part(last) == [line(3, 2), out(2, b"cdef")]
    assert assembler.complete


def test_h09_a_server_that_promises_more_lines_and_sends_none_is_not_asked_again() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(6, typed=4)
    assembler.wanted()
    empty = msgspec.structs.replace(with_lines(0, b"", total=6), more_typed=True)
    assert assembler.part(empty) == [hole(0, 6)]
    assert assembler.wanted() == 6
    assert assembler.part(msgspec.structs.replace(empty, offset=6)) == []
    assert assembler.wanted() is None


def test_a_line_at_the_seam_of_two_parts_comes_once() -> None:
    assembler = OutputAssembler(JOB, exact=True)
    assembler.known(3, typed=1)
    assembler.wanted()
    assert assembler.part(with_lines(0, b"abc", line(0, 3), total=3)) == [
        out(0, b"abc"),
        line(0, 3),
    ]
    assembler.known(6)
    assembler.wanted()
    assert assembler.part(with_lines(3, b"def", line(0, 3), total=6)) == [out(3, b"def")]


class Wire(RuleBasedStateMachine):
    """A job, a server that leaves out, forgets and answers late, and a connection that is cut.

    What the server sends reaches the client in order, but live events and answers are in turns, as
    in `connections/outbox.py`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.streams: list[Stream] = []
        self.forgotten = 0
        self.events: deque[Output] = deque()
        self.asked: deque[int] = deque()
        self.log: list[Output] = []
        self.seen = 0
        self.got: list[Piece] = []
        self.left_out = 0

    @initialize(exact=st.booleans())
    def join(self, exact: bool) -> None:
        self.exact = exact
        self.client = OutputAssembler(JOB, exact=exact)

    @rule(
        data=st.binary(min_size=1, max_size=5), stream=st.sampled_from(Stream), skip=st.booleans()
    )
    def write(self, data: bytes, stream: Stream, skip: bool) -> None:
        event = Output(len(self.log) + 1, JOB, stream, len(self.written), data)
        self.written += data
        self.streams += [stream] * len(data)
        self.log.append(event)
        if not skip:
            self.events.append(event)

    @precondition(lambda self: self.events)
    @rule(congested=st.booleans())
    def deliver_event(self, congested: bool) -> None:
        event = self.events.popleft()
        if event.seq <= self.seen:
            return
        self.seen = event.seq
        if not congested:
            self.got += self.client.live(event)
        elif self.exact:
            self.got += self.client.known(event.offset + len(event.data))

    @rule()
    def ask(self) -> None:
        offset = self.client.wanted()
        if offset is not None:
            assert self.exact
            assert not self.asked, "one question at a time"
            self.asked.append(offset)

    @precondition(lambda self: self.asked)
    @rule(size=st.integers(1, 6))
    def answer(self, size: int) -> None:
        asked = self.asked.popleft()
        start = max(asked, self.forgotten)
        end = min(start + size, len(self.written))
        chunks = tuple(
            OutputChunk(self.streams[at], self.written[at : at + 1]) for at in range(start, end)
        )
        self.got += self.client.part(OutputPart(JOB, start, chunks, len(self.written)))

    @rule(resumed=st.booleans())
    def cut_and_return(self, resumed: bool) -> None:
        self.events.clear()
        self.asked.clear()
        self.client.cut()
        if resumed:
            self.events.extend(event for event in self.log if event.seq > self.seen)
        else:
            self.seen = len(self.log)
            self.got += self.client.known(len(self.written))

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        self.forgotten = data.draw(st.integers(self.forgotten, len(self.written)))

    @invariant()
    def every_byte_comes_once_and_in_order(self) -> None:
        at = 0
        for piece in self.got:
            assert piece.offset == at
            match piece:
                case JobOutput(data=data, stream=stream):
                    assert data == self.written[at : at + len(data)]
                    assert {stream} == set(self.streams[at : at + len(data)])
                    at += len(data)
                case OutputSkipped(count=count):
                    assert count > 0
                    at += count
                case StdinEcho():
                    raise AssertionError("nobody typed")
        assert at == (self.client.position if hasattr(self, "client") else 0)

    def teardown(self) -> None:
        """The job ends, and nothing disturbs the connection any more."""
        if not hasattr(self, "client"):
            return
        while self.events:
            self.deliver_event(congested=False)
        self.got += self.client.known(len(self.written))
        for _ in range(len(self.written) + 2):
            self.ask()
            if self.asked:
                self.answer(size=6)
        assert self.client.complete
        assert self.client.position == len(self.written)
        self.every_byte_comes_once_and_in_order()
        if self.exact and not self.forgotten:
            assert b"".join(p.data for p in self.got if isinstance(p, JobOutput)) == self.written


TestAnyInterleaving = Wire.TestCase
