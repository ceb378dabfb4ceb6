"""F01 to F03, F23: a server that is killed at any time keeps its promises.

The short form; `python -m tests.crash.storm` is the long one.
"""

import secrets

import pytest

from codesync_protocol.verdict import Verdict
from tests.crash.storm import run


@pytest.mark.timeout(480)
@pytest.mark.parametrize(("store", "kills"), [("sqlite", 5), ("mongodb", 3)])
async def test_f01_f02_f03_f23_nothing_that_was_acknowledged_is_lost_or_doubled(
    store: str, kills: int
) -> None:
    seed = secrets.randbelow(1 << 32)
    print(f"seed {seed}: python -m tests.crash.storm --store {store} --kills {kills} --seed {seed}")
    outcome = await run(store, kills=kills, seed=seed)
    assert outcome.broken == []
    assert outcome.accepted
    assert outcome.words
    assert set(outcome.verdicts) <= {
        Verdict.OK,
        Verdict.RUNTIME_ERROR,
        Verdict.CANCELLED,
        Verdict.LOST,
    }
