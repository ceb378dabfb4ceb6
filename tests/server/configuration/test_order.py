"""Flags have priority over variables, variables over the file, the file over defaults."""

from pathlib import Path

import pytest

from codesync_server.configuration import DEFAULT, SettingsError, load
from codesync_server.configuration.keys import declared, value_of
from codesync_server.configuration.settings import Settings
from tests.server.configuration.loading import complaint, write

KEY = "limits.run.wall"
FILE = "[limits.run]\nwall = 2\n"
VARIABLE = {"CODESYNC_LIMITS_RUN_WALL": "3"}


def test_where_nobody_sets_anything_all_is_as_by_default() -> None:
    loaded = load(environment={}, default_file=False)
    assert loaded.settings == Settings()
    assert {loaded.place(key) for key in declared()} == {DEFAULT}


def test_each_place_goes_before_the_next(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    told: list[tuple[float, str]] = []
    for environment, sets in (({}, []), (VARIABLE, []), (VARIABLE, [f"{KEY}=4"])):
        loaded = load(file=path, environment=environment, sets=sets)
        told.append((loaded.settings.limits.run.wall, loaded.place(KEY)))
    assert told == [
        (2.0, str(path)),
        (3.0, "CODESYNC_LIMITS_RUN_WALL"),
        (4.0, "--set limits.run.wall"),
    ]


def test_a_settings_own_flag_goes_before_set(tmp_path: Path) -> None:
    loaded = load(
        file=write(tmp_path, "port = 1"), environment={}, flags={"port": "3"}, sets=["port=2"]
    )
    assert (loaded.settings.port, loaded.place("port")) == (3, "--port")


def test_what_one_place_does_not_say_another_may() -> None:
    loaded = load(
        environment={"CODESYNC_LIMITS_RUN_CPU": "1"}, sets=[f"{KEY}=4"], default_file=False
    )
    run = loaded.settings.limits.run
    assert (run.cpu, run.wall, run.memory) == (1.0, 4.0, Settings().limits.run.memory)


@pytest.mark.parametrize("key", declared())
def test_each_setting_can_be_set_in_each_place(key: str, tmp_path: Path) -> None:
    """Its default, in text and in TOML, is the same again, and its place is told."""
    setting = declared()[key]
    text, toml = (
        setting.type.format(setting.default),
        setting.type.as_toml(setting.default),
    )
    table, _, name = key.rpartition(".")
    path = write(tmp_path, f"[{table}]\n{name} = {toml}" if table else f"{name} = {toml}")
    ways = {
        str(path): load(file=path, environment={}),
        f"--set {key}": load(environment={}, sets=[f"{key}={text}"], default_file=False),
    }
    if text:  # an empty variable counts as not set
        ways[setting.variable] = load(environment={setting.variable: text}, default_file=False)
    for place, loaded in ways.items():
        assert value_of(loaded.settings, key) == setting.default
        assert loaded.place(key) == place


def test_the_file_is_found_where_it_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, named = write(tmp_path, "port = 1"), tmp_path / "named.toml"
    named.write_text("port = 2")
    for folder, port in ((tmp_path / "xdg", 3), (tmp_path / "home/.config", 4)):
        (folder / "codesync").mkdir(parents=True)
        write(folder / "codesync", f"port = {port}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    environment = {"CODESYNC_CONFIG": str(named), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert load(file=asked, environment=environment).settings.port == 1
    assert load(environment=environment).settings.port == 2
    del environment["CODESYNC_CONFIG"]
    assert load(environment=environment).settings.port == 3
    assert load(environment={}).settings.port == 4


def test_a_file_that_nobody_named_need_not_exist_and_one_that_somebody_named_must(
    tmp_path: Path,
) -> None:
    assert load(environment={"XDG_CONFIG_HOME": str(tmp_path)}).file is None
    gone = tmp_path / "gone.toml"
    for said in (complaint(file=gone), complaint(environment={"CODESYNC_CONFIG": str(gone)})):
        assert said == (
            f"{gone}: the settings file cannot be read: No such file or directory;"
            " name one with --config"
        )


def test_a_server_of_a_command_takes_nothing_of_an_address_but_checks_it(tmp_path: Path) -> None:
    path = write(tmp_path, 'host = "0.0.0.0"\ninsecure = true\nmax_concurrent = 7')
    loaded = load(file=path, environment={"CODESYNC_PORT": "1"}, embedded=True)
    assert loaded.settings == Settings(max_concurrent=7)
    with pytest.raises(SettingsError, match="CODESYNC_PORT"):
        load(environment={"CODESYNC_PORT": "x"}, embedded=True, default_file=False)


def test_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    path = write(tmp_path, 'tls_cert = "cert.pem"\ntls_key = "/etc/key.pem"')
    tls = load(file=path, environment={}).settings.tls
    assert tls is not None
    assert (tls.certificate, tls.key) == (tmp_path / "cert.pem", Path("/etc/key.pem"))


def test_what_was_set_can_be_handed_on_as_flags(tmp_path: Path) -> None:
    text = (
        'executor = "local"\npool_size = "auto"\nallow_hosts = ["a", "b"]\nbuild_network = "x=y"\n'
        '[limits.tty]\nidle = "none"\n[caps]\nmemory = "1GB"\nwall = 7.25\n'
    )
    loaded = load(file=write(tmp_path, text), environment={})
    again = load(environment={}, sets=loaded.as_sets(), default_file=False)
    assert again.settings == loaded.settings
    assert len(loaded.as_sets()) == 7
