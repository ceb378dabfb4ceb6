"""Short helpers that load settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from codesync_server.configuration import LoadedSettings, SettingsError, load


def from_toml(folder: Path, text: str | bytes) -> LoadedSettings:
    """Load a settings file with this text, and nothing else."""
    return load(file=write(folder, text), environment={})


def write(folder: Path, text: str | bytes) -> Path:
    """Write a settings file."""
    path = folder / "server.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaint(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str | Sequence[str]] | None = None,
    sets: Sequence[str] = (),
) -> str:
    """What is said about settings that will not do."""
    with pytest.raises(SettingsError) as caught:
        load(file=file, environment=environment or {}, flags=flags, sets=sets, default_file=False)
    text = str(caught.value)
    assert "\n" not in text
    return text
