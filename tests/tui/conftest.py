"""A terminal that is the same everywhere: its colours do not come from whoever runs the tests."""

import pytest


@pytest.fixture(autouse=True)
def _known_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    for name in ("NO_COLOR", "TMUX", "TEXTUAL", "TEXTUAL_DRIVER"):
        monkeypatch.delenv(name, raising=False)
