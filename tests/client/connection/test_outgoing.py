"""Outgoing data is sent within the window, in order, and again after a cut."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from codesync_client.connection.outgoing import AckedBytes, Outgoing, PendingUpload
from codesync_client.submission import Submission
from codesync_protocol.limits import PART_MAX, STDIN_WINDOW
from codesync_protocol.messages import (
    Cancel,
    ClientMessage,
    Interrupt,
    StdinData,
    StdinEnd,
    StdinMode,
    Submit,
    SubmitPart,
)

JOB = "0" * 32
OTHER = "1" * 32


def submission(size: int, job: str = JOB) -> Submission:
    return Submission("python", [("main.py", bytes(range(256)) * (size // 256))], job=job)


def stdin() -> AckedBytes:
    return AckedBytes(lambda offset, data: StdinData(JOB, offset, data), end=StdinEnd(JOB))


def size(messages: list[ClientMessage]) -> int:
    """Bytes in the messages."""
    return sum(len(m.data) for m in messages if isinstance(m, StdinData | SubmitPart))


# Bytes within a window.


def test_bytes_go_out_in_parts() -> None:
    stream = stdin()
    stream.write(b"a" * PART_MAX + b"b")
    assert list(stream.parts()) == [
        StdinData(JOB, 0, b"a" * PART_MAX),
        StdinData(JOB, PART_MAX, b"b"),
    ]
    assert list(stream.parts()) == []


def test_no_more_than_a_window_is_on_the_way() -> None:
    stream = stdin()
    stream.write(bytes(3 * STDIN_WINDOW))
    assert size(list(stream.parts())) == STDIN_WINDOW
    stream.acknowledge(100)
    assert size(list(stream.parts())) == 100


def test_the_end_goes_out_once_and_after_all_bytes() -> None:
    stream = stdin()
    stream.write(bytes(STDIN_WINDOW + 1))
    stream.close()
    assert StdinEnd(JOB) not in list(stream.parts())
    stream.acknowledge(STDIN_WINDOW)
    assert list(stream.parts()) == [StdinData(JOB, STDIN_WINDOW, b"\0"), StdinEnd(JOB)]
    assert list(stream.parts()) == []


def test_an_end_without_bytes_goes_out() -> None:
    stream = stdin()
    stream.close()
    assert list(stream.parts()) == [StdinEnd(JOB)]


def test_after_a_cut_exactly_what_is_not_acknowledged_goes_out_again() -> None:
    stream = stdin()
    stream.write(b"0123456789")
    stream.close()
    list(stream.parts())
    stream.acknowledge(4)
    stream.restart()
    assert list(stream.parts()) == [StdinData(JOB, 4, b"456789"), StdinEnd(JOB)]


def test_an_end_that_was_not_taken_can_be_said_again() -> None:
    stream = stdin()
    stream.write(b"0")
    stream.close()
    list(stream.parts())
    stream.acknowledge(1)
    stream.reopen()
    stream.write(b"1")
    assert list(stream.parts()) == [StdinData(JOB, 1, b"1")]
    stream.close()
    assert list(stream.parts()) == [StdinEnd(JOB)]


def test_acknowledgements_that_make_no_sense_are_ignored() -> None:
    stream = stdin()
    stream.write(b"0123456789")
    list(stream.parts())
    stream.acknowledge(5)
    for nonsense in (-1, 0, 3, 5, 11, 1 << 52):
        stream.acknowledge(nonsense)
    assert (stream.acknowledged, stream.unacknowledged) == (5, 5)


class Program(RuleBasedStateMachine):
    """A program that reads what is typed, over a connection that is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = stdin()
        self.typed = b""
        self.wire: list[ClientMessage] = []
        self.received = b""
        self.ends = 0
        self.closed = False

    @precondition(lambda self: not self.closed)
    @rule(length=st.integers(0, STDIN_WINDOW), letter=st.integers(0, 255))
    def type(self, length: int, letter: int) -> None:
        data = bytes([letter]) * length
        self.typed += data
        self.stream.write(data)

    @rule()
    def close(self) -> None:
        self.closed = True
        self.stream.close()

    @rule()
    def send(self) -> None:
        self.wire += self.stream.parts()

    @precondition(lambda self: self.wire)
    @rule(count=st.integers(1, 5))
    def arrive(self, count: int) -> None:
        for message in self.wire[:count]:
            match message:
                case StdinData(offset=offset, data=data):
                    assert offset <= len(self.received), "a hole"
                    self.received += data[len(self.received) - offset :]
                case _:
                    self.ends += 1
                    assert self.received == self.typed, "the end comes behind everything"
        del self.wire[:count]

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        taken = data.draw(st.integers(self.stream.acknowledged, len(self.received)))
        self.stream.acknowledge(taken)

    @rule()
    def cut(self) -> None:
        self.wire.clear()
        self.stream.restart()
        self.ends = 0

    def sent_to(self) -> int:
        """The offset behind the last byte on the wire."""
        return max(
            (m.offset + len(m.data) for m in self.wire if isinstance(m, StdinData)), default=0
        )

    @invariant()
    def the_window_is_kept(self) -> None:
        assert self.sent_to() <= self.stream.acknowledged + STDIN_WINDOW
        assert len(self.received) - self.stream.acknowledged <= STDIN_WINDOW
        assert self.ends <= 1
        assert self.typed.startswith(self.received)

    def teardown(self) -> None:
        """Nothing disturbs the connection any more: everything arrives."""
        while self.stream.unacknowledged or self.wire:
            self.send()
            self.arrive(len(self.wire))
            self.stream.acknowledge(len(self.received))
        assert self.received == self.typed


TestTypingOverAnyConnection = Program.TestCase


# Submissions.


def test_a_small_submission_is_one_message() -> None:
    upload = PendingUpload(submission(256))
    messages = list(upload.parts())
    assert len(messages) == 1
    assert isinstance(messages[0], Submit)
    assert messages[0].body == bytes(range(256))
    assert list(upload.parts()) == []


def test_a_large_submission_goes_on_as_it_is_acknowledged() -> None:
    upload = PendingUpload(submission(PART_MAX + 2 * STDIN_WINDOW))
    first, *parts = upload.parts()
    assert isinstance(first, Submit)
    assert len(first.body) == PART_MAX
    assert size(parts) == STDIN_WINDOW
    upload.acknowledge(PART_MAX)
    assert list(upload.parts()) == []
    upload.acknowledge(2 * PART_MAX)
    rest = list(upload.parts())
    assert size(rest) == PART_MAX
    assert isinstance(rest[0], SubmitPart)
    assert rest[0].offset == PART_MAX + STDIN_WINDOW


@given(st.integers(0, 3 * STDIN_WINDOW // 256), st.lists(st.booleans(), max_size=20))
def test_a_submission_arrives_whole_over_any_connection(length: int, cuts: list[bool]) -> None:
    upload = PendingUpload(submission(256 * length))
    body = submission(256 * length).body()
    received = b""
    for cut in [*cuts, *[False] * 20]:
        for message in upload.parts():
            match message:
                case Submit(body=first):
                    received = first  # the server forgot the rest with the connection
                case SubmitPart(offset=offset, data=data):
                    assert offset == len(received)
                    received += data
                case _:
                    raise AssertionError(message)
        if cut:
            upload.restart()
        else:
            upload.acknowledge(len(received))
    assert received == body


# All of it.


def test_single_messages_go_first_and_a_cut_loses_them() -> None:
    outgoing = Outgoing()
    outgoing.add_upload(submission(256))
    outgoing.add(Cancel(OTHER))
    outgoing.add(Interrupt(OTHER))
    sent = list(outgoing.parts())
    assert sent[:2] == [Cancel(OTHER), Interrupt(OTHER)]
    assert isinstance(sent[2], Submit)
    outgoing.add(Cancel(OTHER))
    outgoing.restart()
    assert [type(message) for message in outgoing.parts()] == [Submit]


def test_an_answered_submission_is_not_sent_again() -> None:
    outgoing = Outgoing()
    outgoing.add_upload(submission(256))
    list(outgoing.parts())
    outgoing.upload_done(JOB)
    outgoing.restart()
    assert list(outgoing.parts()) == []


def test_the_stdin_of_each_job_is_its_own() -> None:
    outgoing = Outgoing()
    outgoing.stdin(JOB).write(b"one")
    outgoing.stdin(OTHER).write(b"two")
    assert list(outgoing.parts()) == [StdinData(JOB, 0, b"one"), StdinData(OTHER, 0, b"two")]
    outgoing.stdin_acknowledged(JOB, 3)
    outgoing.restart()
    assert list(outgoing.parts()) == [StdinData(OTHER, 0, b"two")]


def test_a_job_that_has_ended_is_sent_nothing_more() -> None:
    outgoing = Outgoing()
    outgoing.stdin(JOB).write(b"one")
    outgoing.job_finished(JOB)
    outgoing.stdin_acknowledged(JOB, 1)
    assert list(outgoing.parts()) == []


def test_of_jobs_that_are_gone_nothing_is_sent_again() -> None:
    outgoing = Outgoing()
    coming = submission(256, job="2" * 32)
    outgoing.add_upload(coming)
    for job in (JOB, OTHER, coming.job):
        outgoing.stdin(job).write(b"typed")
    outgoing.jobs_left({OTHER})
    sent = {message.job for message in outgoing.parts() if isinstance(message, StdinData)}
    assert sent == {OTHER, coming.job}


def test_large_submissions_go_one_by_one_and_small_ones_do_not_wait_for_them() -> None:
    outgoing = Outgoing()
    for number in range(4):
        outgoing.add_upload(submission(2 * PART_MAX if number < 3 else 256, job=f"{number:032x}"))

    def announced() -> list[int]:
        return [int(m.job, 16) for m in outgoing.parts() if isinstance(m, Submit)]

    assert announced() == [0, 3]
    assert announced() == []
    outgoing.upload_done(f"{0:032x}")
    assert announced() == [1]


def test_a_submission_says_what_follows_its_prepared_stdin() -> None:
    chosen = Submission(
        "cpp",
        [("a.cpp", b"abc"), ("b.h", b"de")],
        args=[b"x"],
        prepared_stdin=b"in",
        stdin=StdinMode.SHARED,
        tty=True,
        job=JOB,
    )
    [message] = PendingUpload(chosen).parts()
    assert isinstance(message, Submit)
    assert message.body == b"abcdein"
    assert [(file.name, file.size) for file in message.files] == [("a.cpp", 3), ("b.h", 2)]
    assert (message.stdin_size, message.args, message.stdin, message.tty) == (
        2,
        (b"x",),
        StdinMode.SHARED,
        True,
    )
