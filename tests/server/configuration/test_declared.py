"""Key, variable, flag, documentation and default follow from one declaration."""

import tomllib
from dataclasses import replace
from pathlib import Path

from codesync_server.configuration import as_toml, load
from codesync_server.configuration.keys import build, declared, tables
from codesync_server.configuration.limits import JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.configuration.show import as_tables

ROOT = Path(__file__).resolve().parents[3]


def test_keys_variables_and_flags_follow_from_the_declaration() -> None:
    of = {key: (setting.variable, setting.flag) for key, setting in declared().items()}
    assert of["max_concurrent"] == ("CODESYNC_MAX_CONCURRENT", "--max-concurrent")
    assert of["allow_hosts"] == ("CODESYNC_ALLOW_HOSTS", "--allow-host")
    assert of["limits.run.wall"] == ("CODESYNC_LIMITS_RUN_WALL", "--set limits.run.wall")
    assert tables() == {"limits", "limits.compile", "limits.run", "limits.tty", "caps"}


def test_no_two_settings_share_a_variable_or_a_flag() -> None:
    settings = declared().values()
    for names in ([each.variable for each in settings], [each.flag for each in settings]):
        assert len(set(names)) == len(names)


def test_every_default_is_allowed() -> None:
    for setting in declared().values():
        assert setting.type.parse(setting.type.format(setting.default)) == setting.default
        assert setting.type.description


def test_settings_are_built_from_what_differs() -> None:
    run = replace(Settings().limits.run, wall=7.0)
    assert build({"port": 1, "limits.run.wall": 7.0}) == Settings(port=1, limits=JobLimits(run=run))


def test_what_is_shown_is_a_settings_file_that_sets_the_same(tmp_path: Path) -> None:
    sets = ["port=1", "limits.tty.idle=none", "caps.memory=1GB", "pool_size=2", "cpus=0.75"]
    shown = load(environment={}, sets=sets, default_file=False)
    path = tmp_path / "shown.toml"
    path.write_text(as_toml(shown))
    assert load(file=path, environment={}).settings == shown.settings
    assert set(tomllib.loads(as_toml(shown))) == {key.split(".")[0] for key in declared()}


def test_what_is_shown_says_where_it_came_from() -> None:
    shown = as_toml(
        load(environment={"CODESYNC_CPUS": "1"}, flags={"port": "1"}, default_file=False)
    )
    lines = {line.split(" ")[0]: line.partition("# ")[2] for line in shown.splitlines()}
    assert (lines["port"], lines["cpus"], lines["runtime"]) == (
        "--port",
        "CODESYNC_CPUS",
        "default",
    )


def test_every_setting_stands_in_the_docs() -> None:
    text = (ROOT / "docs/reference/settings.md").read_text()
    rows = [line for line in as_tables() if line.startswith("| `")]
    assert len(rows) == len(declared()) - 2 * 8  # the three stages share their rows
    for row in rows:
        assert row in text
