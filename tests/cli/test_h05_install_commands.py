"""H05: no shown command installs a package from an index, where the name is not ours."""

import json
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest

from codesync_cli.process import extras, installation

ROOT = Path(__file__).parents[2]

FROM_INDEX = re.compile(
    r"(?:pip3?|uv|uvx|pipx)\s[^\n]*\bcodesync[-_](?:rooms|cli|server|tui|client|protocol)"
    r"(?:\[[^]]*\])?(?!\S*\.whl)(?!\s*@)(?![^\n]*(?:file://|@ ))"
)


@pytest.mark.parametrize(
    ("line", "is_from_index"),
    [
        ("pip install 'codesync-rooms[server]'", True),
        ("pip install -q codesync-rooms", True),
        ("uv tool install codesync-rooms", True),
        ("pipx run codesync-rooms", True),
        ("pip install 'codesync-rooms[server] @ file:///srv/codesync'", False),
        ("pip install '.[server]'", False),
        ("pip install dist/codesync_rooms-0.2.0-py3-none-any.whl", False),
    ],
)
def test_h05_the_search_finds_installs_from_an_index(line: str, is_from_index: bool) -> None:
    assert bool(FROM_INDEX.search(line)) is is_from_index


def test_h05_no_file_installs_from_an_index() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    found: list[str] = []
    for name in listed.stdout.decode().splitlines():
        path = ROOT / name
        if path == Path(__file__) or not path.is_file() or name == "uv.lock":
            continue
        text = path.read_bytes().decode(errors="ignore")
        found += [f"{name}: {line}" for line in text.splitlines() if FROM_INDEX.search(line)]
    assert found == []


def test_h05_a_missing_part_names_where_this_installation_came_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(extras.EXTRAS, "server", ("no_such_package",))
    with pytest.raises(extras.MissingExtra) as caught:
        extras.require_extra("server")
    told = distribution("codesync-rooms").read_text("direct_url.json")
    assert told is not None
    assert f"[server] @ {json.loads(told)['url']}'" in str(caught.value)


def test_h05_without_a_source_a_checkout_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "DISTRIBUTION", "no-such-distribution")
    assert installation.command("tui").startswith("pip install '.[tui]' in a checkout")
