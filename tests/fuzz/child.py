"""One fuzzer process: instruments the modules of a target, and runs it with libFuzzer.

python -m tests.fuzz.child TARGET CORPUS [libFuzzer's arguments]
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

atheris: Any = import_module("atheris")  # untyped, and not there on every platform

with atheris.instrument_imports(
    include=["codesync_protocol", "codesync_server", "urllib.parse"], enable_loader_override=False
):
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Write the seeds into the corpus, and fuzz."""
    name, corpus = sys.argv[1:3]
    for number, seed in enumerate(SEEDS[name]()):
        Path(corpus, f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
