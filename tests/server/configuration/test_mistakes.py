"""Each mistake in settings is reported with place, key, and allowed or intended values."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codesync_server.configuration import LoadedSettings, SettingsError, load
from codesync_server.configuration.keys import declared
from tests.server.configuration.loading import complaint, from_toml, write

SIZES = "a size such as 64KB or 256MB, from 16MB to 256GB"
WALLS = "a number of seconds from 0.05 to 800"


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        # Slips of the pen.
        ("prot = 1", "prot", "there is no such setting; did you mean port?"),
        ("max-concurrent = 1", "max-concurrent", "did you mean max_concurrent?"),
        ("Port = 1", "Port", "did you mean port?"),
        ("wall = 1", "wall", "did you mean limits.run.wall?"),
        ("[limits.run]\nwal = 1", "limits.run.wal", "did you mean limits.run.wall?"),
        ("[limits.rum]\nwall = 1", "limits.rum", "did you mean limits.run?"),
        ("[limit]\nx = 1", "limit", "did you mean limits?"),
        ("[caps]\nmemry = 1", "caps.memry", "did you mean caps.memory?"),
        ("[zzz.qqq]\nx = 1", "zzz", "see all of them with: codesync serve --show-settings"),
        ('executor = "dokcer"', "executor", "one of auto, docker, local; did you mean docker?"),
        # Tables and values in each other's place.
        ("limits = 1", "limits", "takes a table: write [limits]"),
        ("[[limits.run]]\nwall = 1", "limits.run", "takes a table: write [limits.run]"),
        ("[port]\nx = 1", "port", "a table is invalid: expected a whole number"),
        # Wrong types.
        ('port = "4000"', "port", '"4000" is invalid: expected a whole number from 0 to 65535'),
        ("port = 4000.0", "port", "4000.0 is invalid"),
        ("port = true", "port", "true is invalid"),
        ("port = 1979-05-27", "port", "1979-05-27 is invalid"),
        ("insecure = 1", "insecure", "1 is invalid: expected true or false"),
        ('allow_hosts = "a"', "allow_hosts", '"a" is invalid: expected a list of at most 100'),
        ('allow_hosts = ["a", 1]', "allow_hosts", "1 is invalid"),
        ("host = 1", "host", "1 is invalid: expected a text"),
        ("executor = 1", "executor", "one of auto, docker, local"),
        ("tls_cert = 1", "tls_cert", 'the path of a file, or "none"'),
        ("[limits.run]\nwall = true", "limits.run.wall", WALLS),
        ("[limits.run]\nmemory = 1e9", "limits.run.memory", SIZES),
        ("[limits.run]\nmemory = true", "limits.run.memory", SIZES),
        ('[limits.run]\nmemory = "256 MBit"', "limits.run.memory", SIZES),
        # Out of bounds.
        ("port = -1", "port", "-1 is invalid: expected a whole number from 0 to 65535"),
        ("port = 65536", "port", "65536 is invalid"),
        ("max_concurrent = 0", "max_concurrent", "a whole number from 1 to 10000"),
        ("[limits.run]\nwall = nan", "limits.run.wall", f"nan is invalid: expected {WALLS}"),
        ("[limits.run]\nwall = inf", "limits.run.wall", WALLS),
        ("[limits.run]\nwall = -inf", "limits.run.wall", WALLS),
        ("[limits.run]\nwall = -1", "limits.run.wall", WALLS),
        ("[limits.run]\nwall = 0", "limits.run.wall", WALLS),
        (f"[limits.run]\nwall = {'9' * 400}", "limits.run.wall", "more than 38 digits"),
        ('[limits.run]\nmemory = "1KB"', "limits.run.memory", SIZES),
        ('[limits.run]\nmemory = "999999999GB"', "limits.run.memory", SIZES),
        ("[limits.tty]\nidle = 0", "limits.tty.idle", f'{WALLS}, or "none"'),
        ("pool_size = -1", "pool_size", 'a whole number from 0 to 10000, or "auto"'),
        ('host = ""', "host", "a text of 1 to 200 printable characters"),
        ('runtime = "\\u001b[2J"', "runtime", "printable"),
        ('host = "a\\nb"', "host", "printable"),
        # What does not go together.
        ('tls_cert = "c.pem"', "tls_cert", "it needs tls_key too (--tls-key)"),
        ('tls_key = "k.pem"', "tls_key", "it needs tls_cert too (--tls-cert)"),
        ('[caps]\nmemory = "100MB"', "caps.memory", "at least the 256MB of limits.run.memory"),
        ("[caps]\nwall = 800\n[limits.compile]\nwall = 100", "caps.wall", "more than the 840 s"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_file_and_key(
    tmp_path: Path, text: str, key: str, says: str
) -> None:
    path = write(tmp_path, text)
    told = complaint(file=path)
    assert told.startswith((f"{path}: {key}: ", f"{path}: {key} takes a table"))
    assert says in told


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"port = [", "this is not TOML: "),
        (b"port = 1\nport = 2", "this is not TOML: Cannot overwrite a value (at"),
        (b"[limits]\n[limits]", "this is not TOML: "),
        (b"host = 'caf\xe9'", "a settings file is text in UTF-8: byte 12 is not"),
        (b"\xff\xfep\0o\0r\0t\0", "a settings file is text in UTF-8: byte 1 is not"),
        (b"\x7fELF\0\0", "this is not TOML: "),
        (b"a = " + b"[" * 100_000, "this is no settings file: it is nested too deeply"),
        (b"port = " + b"9" * 5000, "this is not TOML: Exceeds the limit (4300 digits)"),
        (b"#" * (1 << 20) + b"#", "this is no settings file: it is larger than 1 MB"),
    ],
    ids="open twice tables latin1 utf16 binary deep digits large".split(),
)
def test_what_is_no_settings_file_is_told_apart(tmp_path: Path, data: bytes, says: str) -> None:
    path = write(tmp_path, data)
    assert complaint(file=path).startswith(f"{path}: {says}")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "Is a directory; name one with --config" in complaint(file=tmp_path)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert complaint(file=loop).startswith(f"{loop}: the settings file cannot be read: ")
    assert "cannot be read" in complaint(file=Path("/dev/null/x"))
    assert "cannot be read" in complaint(file=Path("a\0b"))


def test_a_byte_order_mark_is_nothing_to_complain_of(tmp_path: Path) -> None:
    assert from_toml(tmp_path, b"\xef\xbb\xbfport = 7").settings.port == 7


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CODESYNC_PORT", "x", '"x" is invalid: expected a whole number from 0 to 65535'),
        ("CODESYNC_PORT", "1_000", "a whole number"),
        ("CODESYNC_PORT", "9" * 5000, "a whole number"),
        ("CODESYNC_PORT", "\udcff", "a whole number"),
        ("CODESYNC_INSECURE", "maybe", "expected true or false"),
        ("CODESYNC_LIMITS_RUN_WALL", "inf", WALLS),
        ("CODESYNC_LIMITS_RUN_WALL", "NaN", WALLS),
        ("CODESYNC_LIMITS_RUN_WALL", "five", WALLS),
        ("CODESYNC_LIMITS_RUN_MEMORY", "-1", SIZES),
        ("CODESYNC_PRT", "1", "no setting has this variable; did you mean CODESYNC_PORT?"),
        ("CODESYNC_LIMIT_RUN_WALL", "1", "did you mean CODESYNC_LIMITS_RUN_WALL?"),
        ("CODESYNC_MAX_CONCURENT", "1", "did you mean CODESYNC_MAX_CONCURRENT?"),
    ],
    ids=range(12),
)
def test_a_mistake_in_a_variable_is_told_with_its_name(name: str, value: str, says: str) -> None:
    told = complaint(environment={name: value})
    assert told.startswith(f"{name}: ")
    assert says in told
    told.encode()  # it can be printed


@pytest.mark.parametrize(
    "name",
    ["CODESYNC_TOKEN", "CODESYNC_CONFIG", "CODESYNC_TEST_PORT", "CODESYNC_SECRET", "PORT", "XDG"],
)
def test_a_variable_that_means_something_else_is_left_alone(name: str, tmp_path: Path) -> None:
    environment = {name: str(write(tmp_path, "port = 7"))}
    port = 7 if name == "CODESYNC_CONFIG" else 4000
    assert load(environment=environment, default_file=False).settings.port == port


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (["port"], "--set port: write KEY=VALUE, as in --set port=4000"),
        (["prot=1"], "--set prot: there is no such setting; did you mean port?"),
        (["=1"], "--set : there is no such setting"),
        (["limits.run=1"], "--set limits.run: there is no such setting"),
        (["limits.run.wall=x"], f'--set limits.run.wall: "x" is invalid: expected {WALLS}'),
        (["port=1", "port=x"], '--set port: "x" is invalid'),
    ],
)
def test_a_mistake_with_set_is_told_with_its_key(sets: Sequence[str], says: str) -> None:
    assert complaint(sets=sets).startswith(says)


def test_a_mistake_with_a_flag_is_told_with_the_flag() -> None:
    assert complaint(flags={"max_concurrent": "x"}).startswith('--max-concurrent: "x" is invalid')
    assert complaint(flags={"allow_hosts": ["a", ""]}).startswith('--allow-host: "" is invalid')


def test_a_long_or_hostile_key_or_value_is_cut_and_made_harmless(tmp_path: Path) -> None:
    for text in (f'"{"k" * 5000}" = 1', f'executor = "{"v" * 5000}"', '"\\u001b[2J" = 1'):
        told = complaint(file=write(tmp_path, text))
        assert len(told) < 300 + len(str(tmp_path))
        assert "\x1b" not in told


_VALUES = st.recursive(
    st.one_of(
        st.integers(),
        st.floats(),
        st.booleans(),
        st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=20).map(
            lambda text: "'" + text.replace("'", "") + "'"
        ),
        st.just("1979-05-27T07:32:00Z"),
    ).map(lambda value: str(value).lower() if isinstance(value, bool) else str(value)),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*declared()]), _VALUES)
def test_any_value_of_any_setting_is_taken_or_told(tmp_path: Path, key: str, value: str) -> None:
    path = write(tmp_path, f"{key} = {value}")
    try:
        loaded: LoadedSettings = from_toml(tmp_path, path.read_text())
    except SettingsError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 # either outcome is right
    else:
        assert loaded.place(key) == str(path)


@given(st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_taken_or_told(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path, data)
    try:
        from_toml(tmp_path, data)
    except SettingsError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 # either outcome is right
