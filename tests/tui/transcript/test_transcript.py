"""The transcript is ordered, bounded, and independent of how output is split."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.messages import Stream
from codesync_protocol.verdict import Verdict
from codesync_tui.transcript import OutputLine, OutputTranscript, RowKind
from codesync_tui.transcript.block import Block
from codesync_tui.transcript.captions import Ending, Heading
from codesync_tui.transcript.output_style import OutputSource, OutputStyle

OUT, ERR = Stream.STDOUT, Stream.STDERR
HEADING = Heading("ana", 0, "main.py", "Python 3", "00000001")
OK = Ending(Verdict.OK, "ok", ("exit 0",))
BAD = Ending(Verdict.SIGNALLED, "signalled", ("SIGSEGV",), "the program was ended by SIGSEGV")

PIECES = [
    b"a", b"word ", b"\n", b"\r", b"\t", "é".encode(), "世".encode(), b"\xff", b"\x1b[31m",
    b"\x1b[0m", b"\x1b", b"\x1b]0;x\x07", b"\x9b", b"\xc2\x9b1m", b"\x00", b"10%\r", b"x" * 50,
    b"\x1b[38:2::1:2:3m",
]  # fmt: skip
outputs = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)


def begun(*jobs: str, width: int = 0, **bounds: int) -> OutputTranscript:
    """A transcript in which these jobs have started."""
    transcript = OutputTranscript(**bounds)
    transcript.set_width(width)
    for job in jobs:
        transcript.begin(job, HEADING)
    return transcript


def shown(transcript: OutputTranscript) -> list[str]:
    """What its rows show."""
    rows: list[str] = []
    for index in range(transcript.rows):
        row = transcript.row(index)
        names = {RowKind.HEADING: f"== {row.job}", RowKind.GAP: ""}
        rows.append(names.get(row.kind, row.line.text[row.start : row.end]))
    return rows


def lines(block: Block) -> list[OutputLine]:
    """All lines of a block."""
    return [block.line(index) for index in range(block.line_count)]


def test_jobs_stand_below_each_other_whatever_comes_when() -> None:
    transcript = begun("a", "b")
    for job, data in (("a", b"a1\n"), ("b", b"b1\n"), ("a", b"a2\n")):
        transcript.write(job, OUT, data)
    transcript.end("a", OK)
    assert shown(transcript) == ["== a", "a1", "a2", "\u2713 ok  exit 0", "", "== b", "b1"]


def test_output_that_is_fetched_after_the_end_stands_above_it() -> None:
    transcript = begun("a")
    transcript.end("a", BAD)
    transcript.write("a", OUT, b"late\n")
    assert shown(transcript) == [
        "== a", "late", "\u2717 signalled  SIGSEGV", "  the program was ended by SIGSEGV",
    ]  # fmt: skip


def test_a_line_that_is_not_finished_is_shown() -> None:
    transcript = begun("a")
    transcript.write("a", OUT, b"What is your name? ")
    assert shown(transcript) == ["== a", "What is your name? "]
    transcript.write_stdin("a", "ana", b"Bo\n", end=False)
    transcript.write("a", OUT, b"Hello, Bo!\n")
    assert shown(transcript)[1:] == ["What is your name? ana> Bo", "Hello, Bo!"]


def test_several_typed_lines_and_the_end_of_input_are_told_apart() -> None:
    transcript = begun("a")
    transcript.write_stdin("a", "ana", b"1\n2\n", end=False)
    transcript.write_stdin("a", "ben", b"", end=True)
    assert shown(transcript)[1:] == ["ana> 1", "ana> 2", "ben> (end of input)"]


def test_what_is_typed_cannot_act_on_the_terminal() -> None:
    transcript = begun("a")
    transcript.write_stdin("a", "ana", b"\x1b[31mred\x07", end=False)
    assert shown(transcript)[1:] == ["ana> ␛[31mred␇"]


def test_a_hole_is_marked_where_it_is() -> None:
    transcript = begun("a")
    transcript.write("a", OUT, b"before \x1b[3")
    transcript.skip("a", "… 1.2 MB skipped …")
    transcript.write("a", OUT, b"after\n")
    assert shown(transcript)[1:] == ["before ␛[3", "… 1.2 MB skipped …", "after"]


def test_streams_share_lines_and_keep_their_looks_apart() -> None:
    transcript = begun("a")
    transcript.write("a", OUT, b"\x1b[31mout")
    transcript.write("a", ERR, b"err\n")
    assert transcript.row(1).line == OutputLine(
        "outerr",
        ((0, OutputStyle(OutputSource.STDOUT, colour=1)), (3, OutputStyle(OutputSource.STDERR))),
    )


def test_long_lines_are_broken_and_can_be_broken_anew() -> None:
    transcript = begun("a", width=4)
    transcript.write("a", OUT, "abcdefghij\n世世世\n".encode())
    transcript.end("a", OK)
    assert shown(transcript) == [
        "== a", "abcd", "efgh", "ij", "世世", "世", "\u2713 ok", "  ex", "it 0",
    ]  # fmt: skip
    transcript.set_width(0)
    assert shown(transcript) == ["== a", "abcdefghij", "世世世", "\u2713 ok  exit 0"]


def test_how_a_job_ended_is_broken_between_figures_and_between_words() -> None:
    figures = ("exit 1", "cpu 0.02 s", "wall 163.25 s", "memory 11.3 MB")
    ending = Ending(Verdict.RUNTIME_ERROR, "runtime error", figures, "the program returned one")
    transcript = begun("a", width=30)
    transcript.end("a", ending)
    assert shown(transcript)[1:] == [
        "✗ runtime error  exit 1",
        "  cpu 0.02 s · wall 163.25 s",
        "  memory 11.3 MB",
        "  the program returned one",
    ]
    transcript.set_width(20)
    assert shown(transcript)[-2:] == ["  the program", "  returned one"]
    assert transcript.all_text().count("\n") == 3, "what is saved is not broken"


def test_the_oldest_lines_make_room() -> None:
    transcript = begun("a", "b", lines_max=5)
    transcript.write("a", OUT, b"".join(b"a%d\n" % n for n in range(4)))
    transcript.write("b", OUT, b"".join(b"b%d\n" % n for n in range(3)))
    assert transcript.trim() == (1, 2)
    assert transcript.trim() == (0, 0)
    assert shown(transcript) == ["== a", "a2", "a3", "", "== b", "b0", "b1", "b2"]
    assert transcript.dropped("a") == 2


def test_long_lines_make_room_by_their_length() -> None:
    transcript = begun("a", cost_max=10_000)
    for _ in range(100):
        transcript.write("a", OUT, b"x" * 1000 + b"\n")
        while transcript.trim()[1]:
            pass
    assert 5 <= transcript.rows <= 11


def test_the_oldest_job_makes_room() -> None:
    transcript = begun("a", "b", "c", blocks_max=2)
    assert transcript.trim() == (0, 2)
    assert shown(transcript) == ["== b", "", "== c"]


def test_clearing_keeps_what_runs() -> None:
    transcript = begun("a", "b")
    transcript.end("a", OK)
    transcript.write("b", OUT, b"runs\n")
    transcript.clear()
    assert shown(transcript) == ["== b", "runs"]


def test_the_last_job_s_text_can_be_had() -> None:
    transcript = begun("a", "b")
    assert begun().last_text() == ""
    transcript.write("b", OUT, b"one\n\x1b[31mtwo")
    assert transcript.last_text() == "one\ntwo\n"


@given(outputs, st.lists(st.integers(0, 400), max_size=10), st.integers(0, 20))
def test_the_pieces_in_which_output_comes_do_not_show(
    data: bytes, cuts: list[int], width: int
) -> None:
    at = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    whole, cut, bytewise = Block("a", width), Block("a", width), Block("a", width)
    whole.write(OUT, data)
    for a, b in pairwise(at):
        cut.write(OUT, data[a:b])
    for byte in data:
        bytewise.write(OUT, bytes([byte]))
    for block in (whole, cut, bytewise):
        block.finish()
    assert lines(whole) == lines(cut) == lines(bytewise)
    assert whole.rows == cut.rows == bytewise.rows


@given(outputs, st.integers(0, 20), st.integers(0, 5), st.integers(0, 20))
def test_every_row_is_found_after_dropping_and_breaking_anew(
    data: bytes, width: int, drop: int, new_width: int
) -> None:
    block = Block("a", width)
    block.write(OUT, data)
    before = block.rows
    assert block.drop(drop) == before - block.rows
    block.write(OUT, b"more\nand more")
    block.set_width(new_width)
    text = "".join(line.text[start:end] for line, start, end in map(block.row, range(block.rows)))
    assert text == "".join(line.text for line in lines(block))
    assert block.cost == sum(line.cost for line in lines(block)[:-1])
