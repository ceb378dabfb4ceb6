"""Tests `codesync history`, `show`, `rooms` and `store` on a stored room."""

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from codesync_cli.exit_codes import ExitCode
from tests.cli.command import Done, codesync, command, environment
from tests.cli.served import Served, serve

HELLO = "import sys\nprint('hello', sys.stdin.read())\n"
FAILS = "raise SystemExit(3)  # on purpose\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where two programs were run in a room, whose server is gone."""
    home = tmp_path_factory.mktemp("home")
    (home / "hello.py").write_text(HELLO)
    (home / "fails.py").write_text(FAILS)
    with serve(home) as served:
        assert run(served, "hello.py", stdin=b"you").stdout == b"hello you\n"
        assert run(served, "fails.py", "--name=ben").status == 3
    return home


def run(served: Served, file: str, *arguments: str, stdin: bytes = b"") -> Done:
    where = (f"--server={served.address}", "--room=den")
    return codesync(
        "run", *where, *arguments, str(served.home / file), home=served.home, stdin=stdin
    )


def found(home: Path, *arguments: str) -> list[dict[str, object]]:
    done = codesync("history", "--json", *arguments, home=home)
    assert done.status == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_was_run_is_found_the_latest_first(home: Path) -> None:
    jobs = found(home)
    assert [(job["file"], job["verdict"]) for job in jobs] == [
        ("fails.py", "runtime_error"),
        ("hello.py", "ok"),
    ]
    assert jobs[0]["exit_code"] == 3
    lines = codesync("history", home=home).stdout.decode().splitlines()
    assert len(lines) == 2
    assert "runtime error" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (("on", "purpose"), ["fails.py"]),
        (("--who=ben",), ["fails.py"]),
        (("--verdict=ok",), ["hello.py"]),
        (("--language=cpp",), []),
        (("--limit=1",), ["fails.py"]),
        (("--room=other-room",), []),
    ],
)
def test_it_is_found_by_what_is_known_of_it(
    home: Path, arguments: tuple[str, ...], files: list[str]
) -> None:
    assert [job["file"] for job in found(home, *arguments)] == files


def test_a_past_job_is_shown_with_source_and_output(home: Path) -> None:
    job = str(found(home)[1]["job"])
    text = codesync("show", job[:10], home=home).stdout.decode()
    for part in ("hello.py by ", "ok: ", "--- hello.py\nimport sys", "hello you"):
        assert part in text
    assert codesync("show", "--source", job, home=home).stdout.decode() == HELLO
    assert codesync("show", "--output", job, home=home).stdout == b"hello you\n"
    shown = json.loads(codesync("show", "--json", job, home=home).stdout)
    assert (shown["output"], shown["files"]) == ("hello you\n", {"hello.py": HELLO})


def test_the_rooms_are_listed(home: Path) -> None:
    [room] = [
        json.loads(line) for line in codesync("rooms", "--json", home=home).stdout.splitlines()
    ]
    assert (room["name"], room["jobs"]) == ("den", 2)
    assert "den" in codesync("rooms", home=home).stdout.decode()


def test_a_server_answers_the_same_as_the_store_it_left(home: Path) -> None:
    before = found(home)
    with serve(home) as served:
        where = (f"--server={served.address}", "--room=den")
        assert found(home, *where) == before
        job = str(before[1]["job"])
        shown = codesync("show", "--output", job, *where, home=home)
        assert shown.stdout == b"hello you\n"
        assert found(home) == before, "the store can be read while a server has it"
        refused = codesync("store", "compact", home=home)
        assert refused.status == ExitCode.FAILED
        assert "another codesync server" in refused.stderr


def test_everything_can_be_taken_elsewhere(home: Path, tmp_path: Path) -> None:
    file, store = tmp_path / "export.jsonl", f"--store={tmp_path / 'other.db'}"
    assert codesync("store", "check", home=home).status == 0
    assert codesync("store", "compact", home=home).status == 0
    assert codesync("store", "export", str(file), home=home).status == 0
    assert file.stat().st_mode & 0o777 == 0o600
    done = codesync("store", "import", str(file), store, home=home)
    assert done.stdout.startswith(b"imported 1 rooms and 2 jobs"), done.stderr
    assert found(home, store) == found(home)
    assert codesync("store", "check", store, home=home).status == 0
    again = codesync("store", "import", "-", store, home=home, stdin=file.read_bytes())
    assert again.status == ExitCode.FAILED
    assert "has rooms of these names already: den\n" in again.stderr
    assert "nothing was imported" in again.stderr
    piped = f"--store={tmp_path / 'piped.db'}"
    done = codesync("store", "import", "-", piped, home=home, stdin=file.read_bytes())
    assert done.stdout.startswith(b"imported 1 rooms and 2 jobs"), done.stderr
    over = codesync("store", "export", str(file), home=home)
    assert (over.status, "File exists" in over.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("show", "ffff"), 125, "no past job is called ffff"),
        (("show", ""), 125, "no past job is called"),
        (("show", ".*"), 125, "no past job is called .*"),
        (("history", "--room=../x"), 2, "a room's name is 3 to 64 of a-z, 0-9 and hyphen"),
        (("show", "ff", "--room=../x"), 2, "a room's name is 3 to 64 of a-z, 0-9 and hyphen"),
        (("history", "a\x1bb"), 125, "no control characters"),
        (("history", "--limit=0"), 2, "--limit"),
        (("history", "--store=redis://x"), 125, "give sqlite, a file, memory, or mongodb"),
        (("rooms", "--store=/nonexistent/rooms.db"), 125, "there is no /nonexistent/rooms.db"),
        (("store", "import", "/dev/null", "--store=/proc/x"), 125, "cannot use the store /proc/x"),
        (("store", "import", "/nonexistent"), 2, "No such file"),
        (("history", "--server=ws://127.0.0.1:9", "--room=den"), 125, "127.0.0.1:9"),
    ],
)
def test_slips_get_a_clear_sentence(
    home: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    done = codesync(*arguments, home=home)
    assert (done.status, "Traceback" in done.stderr) == (status, False), done.stderr
    assert words in done.stderr


def test_what_is_no_export_is_refused_with_its_line(home: Path, tmp_path: Path) -> None:
    store = f"--store={tmp_path / 'other.db'}"
    for text, where in (("hello", "line 1"), ('{"codesync_store":1}\n{"job":3}', "line 2")):
        (tmp_path / "bad").write_text(text)
        done = codesync("store", "import", str(tmp_path / "bad"), store, home=home)
        assert (done.status, where in done.stderr) == (125, True), done.stderr


@pytest.mark.parametrize("arguments", [("rooms",), ("history",), ("store", "export", "-")])
def test_whoever_stops_reading_gets_no_traceback(home: Path, arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == ExitCode.UNREAD


@pytest.mark.parametrize(
    "command",
    [("history",), ("show", "ffff"), ("rooms",), ("store", "check"), ("store", "export", "-")],
)
def test_an_empty_file_is_a_store_in_which_nothing_is_kept_yet(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "empty.db").touch()
    done = codesync(*command, f"--store={tmp_path / 'empty.db'}", home=tmp_path)
    assert (done.status, done.stdout) == (ExitCode.FAILED, b"")
    assert done.stderr == f"codesync: nothing is stored yet in {tmp_path / 'empty.db'}\n"


@pytest.mark.parametrize("layout", [1, 2])
def test_a_store_of_an_older_version_is_named_and_brought_up_to_date(
    home: Path, tmp_path: Path, layout: int
) -> None:
    file = tmp_path / "rooms.db"
    with closing(sqlite3.connect(home / "data" / "codesync" / "rooms.db")) as kept:
        db = sqlite3.connect(file)
        kept.backup(db)  # the server was killed: a part is in the file's log still
    with db:
        if layout < 2:
            db.execute("ALTER TABLE jobs DROP COLUMN search")
        db.execute("DROP INDEX jobs_by_share")
        db.execute("ALTER TABLE jobs DROP COLUMN invite")
        db.execute("ALTER TABLE rooms DROP COLUMN editors_after")
        db.execute("ALTER TABLE rooms DROP COLUMN server_dates_from")
        db.execute("ALTER TABLE members DROP COLUMN is_present")
        db.execute("ALTER TABLE members DROP COLUMN is_capped")
        db.execute(f"PRAGMA user_version = {layout}")
    db.close()
    store = f"--store={file}"
    old = codesync("history", store, home=home)
    assert old.status == ExitCode.FAILED
    assert "codesync store compact, brings it up to date" in old.stderr
    use_in(tmp_path, file)
    doctor = codesync("doctor", "--executor=local", home=tmp_path)
    assert "FAIL" not in doctor.stdout.decode()
    assert f"an earlier codesync wrote it (layout {layout}" in doctor.stdout.decode()
    assert codesync("store", "compact", store, home=home).status == 0
    assert found(home, store) == found(home)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("rooms",), ExitCode.OK),
        (("history",), ExitCode.FAILED),
        (("store", "check"), ExitCode.FAILED),
        (("store", "export", "-"), ExitCode.FAILED),
    ],
)
def test_where_nothing_was_kept_yet_that_is_said(
    tmp_path: Path, arguments: tuple[str, ...], status: ExitCode
) -> None:
    done = codesync(*arguments, home=tmp_path)
    assert (done.status, done.stdout) == (status, b"")
    assert done.stderr.startswith("codesync: nothing is stored yet: there is no ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def use_in(home: Path, store: Path) -> None:
    """Name a store in the settings file of a home."""
    (home / ".config" / "codesync").mkdir(parents=True)
    (home / ".config" / "codesync" / "server.toml").write_text(f'store = "{store}"\n')


def test_the_doctor_looks_at_the_store(home: Path, tmp_path: Path) -> None:
    good = codesync("doctor", "--executor=local", home=home).stdout.decode()
    assert "rooms.db holds 1 room\n" in good
    new = codesync("doctor", "--executor=local", home=tmp_path)
    assert "ok  nothing is stored yet" in new.stdout.decode()
    (tmp_path / "broken.db").write_text("this is no database")
    use_in(tmp_path, tmp_path / "broken.db")
    bad = codesync("doctor", "--executor=local", home=tmp_path)
    assert bad.status == ExitCode.PROBLEMS
    assert "FAIL  cannot use the store" in bad.stdout.decode()
