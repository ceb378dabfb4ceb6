"""Sizes are parsed as people write them, and formatted so that they can be parsed again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.sizes import parse_size, show_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("512", 512),
        ("512B", 512),
        ("64KB", 65_536),
        ("64 KiB", 65_536),
        ("256MB", 268_435_456),
        ("256mb", 268_435_456),
        ("256M", 268_435_456),
        (" 1g ", 1_073_741_824),
        ("1GiB", 1_073_741_824),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "MB", "-1", "+1", "1.5GB", "12XB", "1 2", "1e3", "٣", "nan", "9" * 16, "1MB\n2"]
)
def test_what_is_no_size_is_told_apart(text: str) -> None:
    with pytest.raises(ValueError, match="256MB"):
        parse_size(text)


@given(st.integers(0, 1 << 49))
def test_what_is_written_is_read_again(size: int) -> None:
    assert parse_size(show_size(size)) == size


def test_a_size_is_written_in_the_largest_unit_that_divides_it() -> None:
    assert [show_size(size) for size in (0, 1000, 65_536, 3 << 20, 1 << 30)] == [
        "0",
        "1000",
        "64KB",
        "3MB",
        "1GB",
    ]
