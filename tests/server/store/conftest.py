"""Each store in turn: one contract, one set of tests."""

import secrets
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from codesync_server.store.choice import choose_store
from codesync_server.store.contract import Store
from tests.mongodb import mongodb_stand_in


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A MongoDB server; its address, up to where the name of a database follows."""
    with mongodb_stand_in(tmp_path_factory.mktemp("mongodb")) as address:
        yield address


@pytest.fixture(params=["file", "memory", "mongodb"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What names an empty store."""
    if request.param == "memory":
        return "memory"
    if request.param == "file":
        return str(tmp_path / "rooms.db")
    return f"{request.getfixturevalue('mongodb')}test-{secrets.token_hex(8)}"


@pytest.fixture
async def store(address: str) -> AsyncGenerator[Store, None]:
    """An empty store, open for writing."""
    store = choose_store(address)
    await store.open()
    yield store
    await store.close()
