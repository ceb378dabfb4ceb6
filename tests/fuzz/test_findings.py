"""The targets keep their promises for seeds, earlier findings, and mutations.

`python -m tests.fuzz` looks for more, guided by coverage; `scripts/check --long` runs it.
"""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.names import NAMES
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

FINDINGS = Path(__file__).parent / "findings"


@cache
def seeds_of(name: str) -> tuple[bytes, ...]:
    return tuple(SEEDS[name]())


def test_every_target_has_a_name_and_seeds() -> None:
    assert set(NAMES) == set(TARGETS) == set(SEEDS)
    assert all(map(seeds_of, NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_a_target_takes_its_seeds(name: str) -> None:
    for seed in seeds_of(name):
        TARGETS[name](seed)


def test_all_findings_are_fixed() -> None:
    for path in sorted(FINDINGS.glob("*/*")):
        TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(data=st.data())
def test_a_target_takes_mutated_seeds(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds_of(name)))
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, len(seed)))
    TARGETS[name](seed[:start] + data.draw(st.binary(max_size=64)) + seed[end:])
