"""A job gets its requested limits up to the caps, or the usual limits."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.limits import MIB
from codesync_protocol.messages import RunLimits
from codesync_server.configuration.limits import RUN, TTY, Caps, JobLimits
from codesync_server.jobs.limit_policy import LimitNotAllowed, LimitPolicy

NO_CAPS = LimitPolicy(JobLimits(), Caps())
CAPPED = LimitPolicy(
    JobLimits(), Caps(wall=60.0, cpu=30.0, memory=512 * MIB, output=20_000_000, processes=100)
)


def test_who_asks_for_nothing_gets_what_everybody_gets() -> None:
    for limit_policy in (NO_CAPS, CAPPED):
        assert limit_policy.grant(RunLimits(), tty=False) == RUN
        assert limit_policy.grant(RunLimits(), tty=True) == TTY


LESS = RunLimits(wall_seconds=1.0, cpu_seconds=0.5, memory=64 * MIB, output=100, processes=8)


def test_less_is_given() -> None:
    less = replace(RUN, wall=1.0, cpu=0.5, memory=64 * MIB, output=100, processes=8)
    assert NO_CAPS.grant(LESS, tty=False) == less
    assert NO_CAPS.grant(LESS, tty=True) == replace(less, idle=TTY.idle)


MORE = RunLimits(
    wall_seconds=1e8, cpu_seconds=1e8, memory=1 << 50, output=1 << 50, processes=1 << 50
)


def test_more_than_everybody_gets_is_not_given_where_there_are_no_caps() -> None:
    assert NO_CAPS.grant(MORE, tty=False) == RUN
    assert NO_CAPS.grant(MORE, tty=True) == TTY


def test_more_is_given_up_to_the_cap() -> None:
    most = replace(RUN, wall=60.0, cpu=30.0, memory=512 * MIB, output=20_000_000, processes=100)
    assert CAPPED.grant(MORE, tty=False) == most
    assert CAPPED.grant(RunLimits(wall_seconds=59.0), tty=False) == replace(RUN, wall=59.0)


def test_a_cap_that_a_terminal_has_anyway_takes_nothing_from_it() -> None:
    assert CAPPED.grant(RunLimits(wall_seconds=200.0), tty=True).wall == 200.0
    assert CAPPED.grant(RunLimits(wall_seconds=1e6), tty=True).wall == TTY.wall == 300.0


@given(
    st.builds(
        RunLimits,
        st.none() | st.floats(0, 1e9),
        st.none() | st.floats(0, 1e9),
        st.none() | st.integers(0, (1 << 53) - 1),
        st.none() | st.integers(0, (1 << 53) - 1),
        st.none() | st.integers(0, (1 << 53) - 1),
    ),
    st.sampled_from([NO_CAPS, CAPPED]),
    st.booleans(),
)
def test_nobody_gets_more_than_cap_and_limit(
    asked: RunLimits, limit_policy: LimitPolicy, tty: bool
) -> None:
    own = TTY if tty else RUN
    try:
        granted = limit_policy.grant(asked, tty=tty)
    except LimitNotAllowed:
        return
    for part in fields(Caps):
        cap = getattr(limit_policy.caps, part.name) or 0
        assert 0 < getattr(granted, part.name) <= max(cap, getattr(own, part.name))
    assert (granted.file_size, granted.open_files, granted.idle) == (
        own.file_size,
        own.open_files,
        own.idle,
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (RunLimits(wall_seconds=0.0), "wall: 0.0 is invalid: expected a number of seconds"),
        (RunLimits(cpu_seconds=0.001), "cpu: 0.001 is invalid"),
        (RunLimits(memory=1 * MIB), "memory: 1048576 is invalid: expected a size"),
        (RunLimits(output=0), "output: 0 is invalid"),
        (RunLimits(processes=1), "processes: 1 is invalid: expected a whole number from 2"),
        (RunLimits(wall_seconds=float("nan")), "wall: nan is invalid"),
    ],
)
def test_what_is_too_little_for_any_program_is_refused(asked: RunLimits, says: str) -> None:
    with pytest.raises(LimitNotAllowed) as caught:
        NO_CAPS.grant(asked, tty=False)
    assert str(caught.value).startswith(says)


def test_what_cannot_be_limited_is_refused_with_the_reason_and_the_rest_is_not() -> None:
    as_root = LimitPolicy(JobLimits(), Caps(), {"processes": "programs run as root here"})
    with pytest.raises(LimitNotAllowed, match="processes: programs run as root here"):
        as_root.grant(LESS, tty=False)
    assert as_root.grant(RunLimits(wall_seconds=1.0), tty=False).wall == 1.0
