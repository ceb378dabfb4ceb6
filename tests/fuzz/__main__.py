"""Fuzz the targets, guided by coverage.

    python -m tests.fuzz [--seconds 20] [--jobs 2] [TARGET ...]

Each target runs in a process of its own for so many seconds, from its seeds and from the findings
of earlier runs. An input that breaks a target is written to tests/fuzz/findings/TARGET/, where
tests/fuzz/test_findings.py runs it from then on. Needs atheris (libFuzzer for Python), which the
developers' environment has where it exists: on Linux, x86_64.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.names import NAMES

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
INPUT_BYTES_MAX = 16 * 1024
START_SECONDS = 120
"""How long a fuzzer may take to import and instrument its target, and to end."""


def fuzz(target: str, seconds: int) -> tuple[str, int, str]:
    """Fuzz one target in a process of its own.

    Args:
        target: its name.
        seconds: how long.

    Returns:
        Its name, the exit status (0: no finding) and what the process printed.
    """
    findings = FOLDER / "findings" / target
    with tempfile.TemporaryDirectory() as folder:
        corpus, broken = Path(folder, "corpus"), Path(folder, "broken")
        corpus.mkdir()
        broken.mkdir()
        command = (
            *(sys.executable, "-m", "tests.fuzz.child", target, str(corpus)),
            *([str(findings)] if findings.is_dir() else []),
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_BYTES_MAX}",
            f"-artifact_prefix={broken}/",
            *("-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"),
        )
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds + START_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return target, 1, f"the fuzzer did not end: {error}"
        for input_file in broken.iterdir():
            content = input_file.read_bytes()
            findings.mkdir(parents=True, exist_ok=True)
            (findings / sha256(content).hexdigest()[:16]).write_bytes(content)
        return target, done.returncode, done.stdout.decode(errors="replace")


def main() -> int:
    """Fuzz, print a line for each target, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=20, help="for each target (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}")
    args = parser.parse_args()
    if unknown := set(args.targets) - set(NAMES):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if find_spec("atheris") is None:
        print("fuzz: atheris is not installed on this platform; its targets run as tests only")
        return 0
    status = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        targets: Sequence[str] = args.targets or NAMES
        for target, code, printed in pool.map(partial(fuzz, seconds=args.seconds), targets):
            inputs = next(
                (line.split()[-1] for line in printed.splitlines() if "executed_units" in line), "?"
            )
            print(f"fuzz: {target}: {inputs} inputs, {'a finding' if code else 'no finding'}")
            if code:
                status = 1
                print(printed[-4000:])
    return status


if __name__ == "__main__":
    sys.exit(main())
