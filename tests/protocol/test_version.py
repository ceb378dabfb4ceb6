"""Two ends agree on the newest version that both speak, or on none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.version import NEWEST, OLDEST, agree

VERSIONS = st.integers(0, 1 << 16)


def test_the_same_release_agrees_with_itself() -> None:
    assert agree(OLDEST, NEWEST) == NEWEST


@pytest.mark.parametrize(
    ("oldest", "newest"),
    [(0, 0), (NEWEST + 1, NEWEST + 1), (999, 999), (NEWEST, OLDEST - 1), (5, 1), (1 << 16, 0)],
)
def test_ends_with_nothing_in_common_do_not_agree(oldest: int, newest: int) -> None:
    assert agree(oldest, newest) is None


def test_an_older_and_a_newer_end_meet_in_the_middle() -> None:
    assert agree(0, 999) == NEWEST
    assert agree(OLDEST, 999) == NEWEST


@given(VERSIONS, VERSIONS)
def test_what_is_agreed_on_both_speak_and_nothing_newer_is_common(oldest: int, newest: int) -> None:
    common = [v for v in range(OLDEST, NEWEST + 1) if oldest <= v <= newest]
    assert agree(oldest, newest) == (max(common) if common else None)
