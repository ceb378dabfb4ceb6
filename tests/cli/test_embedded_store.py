"""An embedded server receives the address of its store where no other user can read it."""

from pathlib import Path

import pytest

from codesync_cli.local_server.embedded import embedded_server
from codesync_cli.local_server.settings_flags import as_arguments, as_environment
from codesync_server.configuration import load

ADDRESS = "mongodb://bob:hunter2@host/db"


@pytest.mark.parametrize("throw_away", [True, False])
def test_the_address_is_not_among_the_arguments(throw_away: bool) -> None:
    loaded = load(
        environment={"CODESYNC_STORE": ADDRESS}, sets=["max_concurrent=2"], default_file=False
    )
    arguments = as_arguments(loaded, throw_away=throw_away)
    assert "--set=max_concurrent=2" in arguments
    assert "hunter2" not in " ".join(arguments)
    assert ("--set=store=memory" in arguments) is throw_away
    assert as_environment(loaded) == {"CODESYNC_STORE": ADDRESS}


async def test_a_server_of_ours_uses_the_store_that_its_command_line_does_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CODESYNC_MAX_CONCURRENT", "of no use")  # what it must not look at
    store = tmp_path / "hunter2.db"
    said: list[str] = []
    async with embedded_server(
        "den", ["--set=executor=local", "--port=0"], said.append, {"CODESYNC_STORE": str(store)}
    ) as server:
        assert server.links.is_kept
        line = command_line(server.process.pid)
        assert "serve" in line
        assert "hunter2" not in line
    assert store.exists()


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()
