"""A client of the original Yjs shares a text with CodeSync through the server's document."""

import base64
import fcntl
import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesync_client.document.replica import Replica
from codesync_client.document.update_split import split_update
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_server.documents.document import Document
from tests.conftest import missing

FOLDER = Path(__file__).parent / "yjs"
WORDS = ["a", "bc", "\n", "é", "世界", "🙂", "👩‍💻", "\x1b[2J", "\u2028", "\u202e"]

pytestmark = pytest.mark.timeout(360)


@pytest.fixture(scope="session")
def installed() -> Path:
    """A folder with Yjs in it; it is fetched once, and kept."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing("node and npm are not installed on this machine")
    lock = (FOLDER / "package-lock.json").read_bytes()
    name = hashlib.blake2b(lock, digest_size=8).hexdigest()
    folder = Path.home() / ".cache" / "codesync-tests" / f"yjs-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for each in ("package.json", "package-lock.json"):
                shutil.copy(FOLDER / each, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, timeout=150, capture_output=True)
            (folder / "done").touch()
    return folder


class YjsPeer:
    """A Yjs client in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], document: Document) -> None:
        self._process = process
        self.client = document.assign()
        self.texts: dict[str, str] = {}
        self.ask("open", client=self.client, state=_encode(document.state()))

    def ask(self, act: str, **more: object) -> list[bytes]:
        """Let it do something; gives the updates that it made."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"act": act, **more}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.texts = answer["texts"]
        return [base64.b64decode(update) for update in answer["updates"]]

    def write(self, name: str, at: int, deleted: int, text: str) -> list[bytes]:
        """Edit at a UTF-16 code unit."""
        updates = self.ask("delete", name=name, at=at, length=deleted) if deleted else []
        return [*updates, *(self.ask("insert", name=name, at=at, text=text) if text else [])]


@pytest.fixture
def document() -> Document:
    document = Document()
    document.write(SOURCE, "print('é🙂')\n")
    return document


@pytest.fixture
def yjs(installed: Path, document: Document) -> Iterator[YjsPeer]:
    with subprocess.Popen(
        ["node", str(FOLDER / "peer.mjs")],
        cwd=installed,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield YjsPeer(process, document)
        process.kill()


def test_each_reads_what_the_other_wrote_byte_for_byte(document: Document, yjs: YjsPeer) -> None:
    ours = Replica(document.assign(), document.state())
    assert yjs.texts[SOURCE] == ours.text()
    for update in yjs.write(SOURCE, 0, 0, "# yjs 👩‍💻\n"):
        document.apply(update, yjs.client)
        ours.apply(update, 1)
    assert ours.text() == yjs.texts[SOURCE] == document.texts[SOURCE]
    mine = Replica(document.assign(), document.state(), lambda change: None)
    mine.edit(SOURCE, len(mine.text().encode()), 0, "end\n")
    own = mine.take()
    assert own
    document.apply(own, mine.client)
    yjs.ask("apply", update=_encode(own))
    assert yjs.texts[SOURCE] == mine.text() == document.texts[SOURCE]
    assert document.is_sound


@pytest.mark.parametrize("seed", range(4))
def test_random_edits_of_both_converge(seed: int, document: Document, yjs: YjsPeer) -> None:
    print("seed", seed)
    dice = random.Random(seed)
    ours = Replica(document.assign(), document.state(), lambda change: None)
    for _ in range(60):
        name = dice.choice([SOURCE, SOURCE, STDIN])
        theirs: list[bytes] = []
        for _ in range(dice.randint(0, 3)):  # both write before they hear of each other
            units = len(yjs.texts[name].encode("utf-16-le")) // 2
            at = _boundary(yjs.texts[name], dice.randint(0, units))
            theirs += yjs.write(name, at, 0, dice.choice(WORDS))
        for _ in range(dice.randint(0, 3)):
            text = ours.text(name)
            start = dice.randint(0, len(text))
            gone = len(text[start : start + dice.randint(0, 2)].encode())
            ours.edit(name, len(text[:start].encode()), gone, dice.choice(WORDS))
            if dice.random() < 0.2:
                ours.undo(name)
        for update in theirs:
            document.apply(update, yjs.client)
            ours.apply(update, 1)
        for own in split_update(ours.take() or b"\0\0"):
            document.apply(own, ours.client)
            yjs.ask("apply", update=_encode(own))
        assert ours.texts == yjs.texts == document.texts
    assert document.is_sound


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _boundary(text: str, units: int) -> int:
    """The place at or before a UTF-16 offset that is not inside a surrogate pair."""
    data = text.encode("utf-16-le")[: 2 * units]
    return len(data.decode("utf-16-le", "ignore").encode("utf-16-le")) // 2
