"""A folder with files named like modules; each records that it was imported."""

import os
import subprocess
import sys
from collections.abc import Collection
from importlib.metadata import packages_distributions
from pathlib import Path

OURS = (
    "codesync_cli",
    "codesync_client",
    "codesync_protocol",
    "codesync_server",
    "codesync_tui",
)

SHADOW = """\
with open({mark!r}, "a") as mark:
    mark.write(__name__ + "\\n")
raise ImportError(__name__ + " was imported from the working directory")
"""


class Shadows:
    """Files with the names of modules.

    Attributes:
        folder: holds them.
    """

    def __init__(self, folder: Path, without: Collection[str] = ()) -> None:
        self.folder = folder / "shadows"
        self.folder.mkdir()
        self._mark = folder / "imported"
        names = {*sys.stdlib_module_names, *packages_distributions(), *OURS} - set(without)
        for name in names:
            if name.isidentifier():
                (self.folder / f"{name}.py").write_text(SHADOW.format(mark=str(self._mark)))

    @property
    def imported(self) -> list[str]:
        """The names of the files that were imported."""
        return self._mark.read_text().split() if self._mark.exists() else []


def imported_by_python() -> set[str]:
    """The modules that `python -m` itself imports before it runs any code of ours."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.cli.loaded_modules"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        check=True,
        text=True,
    )
    return set(ended.stdout.split())
