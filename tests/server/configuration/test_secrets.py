"""The password in a store's address is never shown, also if the address is invalid."""

import pytest

from codesync_server.configuration import as_toml, load
from codesync_server.configuration.setting_types import masked
from codesync_server.store.choice import choose_store
from codesync_server.store.contract import StoreUnusable
from tests.server.configuration.loading import complaint

ADDRESSES = [
    ("mongodb://bob:hunter2@host/db", "mongodb://bob:***@host/db"),
    ("mongodb+srv://bob:hunter2@host/db", "mongodb+srv://bob:***@host/db"),
    ("MongoDB://bob:hunter2@host", "MongoDB://bob:***@host"),
    ("mongodb://bob:hunter2/hunter2@host/db", "mongodb://bob:***@host/db"),
    ("mongodb://bob:hunter2@hunter2@host/db", "mongodb://bob:***@host/db"),
    ("mongodb://b/ob:hunter2@host", "mongodb://b/ob:***@host"),
    ("mongodb://bob:hunter2?hunter2#hunter2@host", "mongodb://bob:***@host"),
    (
        "mongodb://host/db?tlsCertificateKeyFilePassword=hunter2&w=1",
        "mongodb://host/db?tlsCertificateKeyFilePassword=***&w=1",
    ),
    (
        "mongodb://host/db?w=1&authmechanismproperties=AWS_SESSION_TOKEN:hunter2",
        "mongodb://host/db?w=1&authmechanismproperties=***",
    ),
    ("mongodb://bob@host/db?tls=true", "mongodb://bob@host/db?tls=true"),
    ("/home/bob/rooms.db", "/home/bob/rooms.db"),
]


@pytest.mark.parametrize(("address", "shown"), ADDRESSES)
def test_an_address_is_shown_without_what_is_secret(address: str, shown: str) -> None:
    assert masked(address) == shown
    loaded = load(environment={"CODESYNC_STORE": address}, default_file=False)
    assert f'store = "{shown}"' in as_toml(loaded)
    assert loaded.settings.store == address


@pytest.mark.parametrize("address", ["mongodb://bob:hunter2\n@host", "x" * 1000 + "://a:hunter2@h"])
def test_an_address_that_cannot_be_one_is_named_without_what_is_secret(address: str) -> None:
    assert "hunter2" not in complaint(environment={"CODESYNC_STORE": address})


@pytest.mark.parametrize(
    "typo",
    ["mongodb//bob:hunter2@host", "mongodb:bob:hunter2@host", "MongoDB://bob:hunter2@host/db"],
)
def test_what_is_nearly_an_address_is_not_taken_for_a_file(typo: str) -> None:
    with pytest.raises(StoreUnusable, match=r"begins with mongodb://") as refusal:
        choose_store(typo)
    assert "hunter2" not in str(refusal.value)
