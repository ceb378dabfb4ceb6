"""Any bytes become text, however they are split."""

from codesync_tui.transcript.escape_sequences import CarriageReturn
from codesync_tui.transcript.output_style import OutputSource, OutputStyle
from codesync_tui.transcript.stream_decoder import StreamDecoder


def text_of(stream: StreamDecoder, *pieces: bytes) -> str:
    """The text of some bytes."""
    return "".join(
        text for data in pieces for text, _ in stream.feed(data) if isinstance(text, str)
    )


def test_a_code_point_may_be_cut_anywhere() -> None:
    stream = StreamDecoder(OutputSource.STDOUT)
    assert text_of(stream, *(bytes([byte]) for byte in "aé世🎉".encode())) == "aé世🎉"


def test_bytes_that_are_no_text_are_replaced() -> None:
    stream = StreamDecoder(OutputSource.STDOUT)
    assert text_of(stream, b"a\xff\xc3b\xed\xa0\x80") == "a\ufffd\ufffdb\ufffd\ufffd\ufffd"


def test_looks_hold_over_pieces_and_belong_to_the_stream() -> None:
    stream = StreamDecoder(OutputSource.STDERR)
    assert list(stream.feed(b"\x1b[3")) == []
    assert list(stream.feed(b"1mred")) == [("red", OutputStyle(OutputSource.STDERR, colour=1))]


def test_the_end_shows_what_was_held_back() -> None:
    stream = StreamDecoder(OutputSource.STDOUT)
    assert text_of(stream, b"a\x1b]0;x") == "a"
    assert [text for text, _ in stream.finish()] == ["\x1b]0;x"]
    stream = StreamDecoder(OutputSource.STDOUT)
    assert text_of(stream, "世".encode()[:2]) == ""
    assert [text for text, _ in stream.finish()] == ["\ufffd"]


def test_after_a_hole_no_half_code_point_is_shown() -> None:
    stream = StreamDecoder(OutputSource.STDOUT)
    assert text_of(stream, "世".encode()[:1]) == ""
    assert [text for text, _ in stream.skip()] == ["\ufffd"]
    assert text_of(stream, "界".encode()[1:2], "界".encode()[2:], b"b") == "b"


def test_a_carriage_return_comes_with_its_look() -> None:
    assert list(StreamDecoder(OutputSource.STDOUT).feed(b"\r")) == [
        (CarriageReturn(), OutputStyle())
    ]
