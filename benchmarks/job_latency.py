"""Measures the time from submission to verdict, against the bare program and `docker run`.

    python -m benchmarks.job_latency [--json] [--rounds 40] [--language-rounds 12]

Each round measures, one after the other: the program alone in a container of the same image with
the same limits (started by fork and exec, and measured, inside); `docker run --rm` with the same
limits; a job of a server in a separate process over a real websocket, from the call of submit to
the arrival of the verdict. The overhead of a job is its time minus the median of the bare program.
Jobs find a full pool, as after a pause of a third of a second.

The results at the top level are for Python with the default share of a cpu. `languages` has every
language with its stages (with fewer rounds, because compilers are slow), `cpus` Python with other
shares.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.baseline import Alone, Hello, alone, docker_run, time_docker_run
from benchmarks.figures import machine, percentile, show
from benchmarks.hello import SOURCES, hello
from benchmarks.server_process import ServerProcess, server_process
from codesync_client import Room, Submission
from codesync_protocol.messages import Finished
from codesync_protocol.verdict import Verdict
from codesync_server.executors.docker.profile import SandboxProfile

Times = dict[str, list[float]]
"""Milliseconds of each measurement, one per round."""


async def time_job(room: Room, program: Hello) -> dict[str, float]:
    """Submit a program, once.

    Returns:
        Milliseconds: "codesync" until the verdict arrived, and each stage as the server reports it.
    """
    name = program.language.file_name
    submission = Submission(program.language.name, [(name, program.source.encode())])
    began = time.monotonic()
    await room.submit(submission)
    async for event in room.events():
        if isinstance(event, Finished) and event.job == submission.job:
            took = (time.monotonic() - began) * 1000
            assert event.result.verdict is Verdict.OK, event.result
            stages = {stage.name: stage.seconds * 1000 for stage in event.result.stages}
            return {"codesync": took, **stages}
    raise AssertionError("the room ended")


async def one_round(
    server: ServerProcess, room: Room, bare: Alone, program: Hello
) -> dict[str, float]:
    """Measure a job and the program alone, once each."""
    await server.pool_is_full()
    ours = await time_job(room, program)
    await server.pool_is_full()
    stages = await bare.time()
    return {
        **ours,
        "bare": sum(stages.values()),
        **{f"bare_{stage}": took for stage, took in stages.items()},
    }


def figures(times: Times) -> dict[str, float]:
    """Summarise rounds: medians, and the overhead over the bare program."""
    median = {name: statistics.median(values) for name, values in times.items()}
    overheads = [value - median["bare"] for value in times["codesync"]]
    return {
        **{f"{name}_ms": round(value, 2) for name, value in median.items()},
        "codesync_ms_p99": round(percentile(times["codesync"], 99), 2),
        "overhead_ms_p50": round(statistics.median(overheads), 2),
        "overhead_ms_p99": round(percentile(overheads, 99), 2),
    }


async def measure(
    cpus: float, language: str, rounds: int, *, with_docker_run: bool
) -> dict[str, float]:
    """Measure alternately.

    Args:
        cpus: share of a cpu for each measurement.
        language: the language of the program.
        rounds: number of rounds.
        with_docker_run: measure `docker run`, too; for languages that read programs from stdin.
    """
    program = hello(language)
    times: Times = defaultdict(list)
    with docker_run(SandboxProfile(cpus=cpus)) as command:
        async with (
            server_process(
                "--executor=docker", f"--cpus={cpus}", "--submits-per-minute=1000000"
            ) as server,
            alone(command, program) as bare,
            Room(server.link(), name="benchmark") as room,
        ):
            for number in range(rounds + 1):
                took = await one_round(server, room, bare, program)
                if with_docker_run:
                    took["docker_run"] = await time_docker_run(command, program)
                if number > 0:  # the first of each warms the caches
                    for name, value in took.items():
                        times[name].append(value)
            pool = (await server.stats())["pool"]
    return {
        **figures(times),
        "pool_hit_rate": round(pool["hits"] / (pool["hits"] + pool["misses"]), 3),
        "refill_ms": round(pool["refill_seconds"] * 1000),
    }


async def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=40, help="of Python (%(default)s)")
    parser.add_argument(
        "--language-rounds", type=int, default=12, help="of each other case (%(default)s)"
    )
    args = parser.parse_args()
    default = SandboxProfile().cpus
    python = await measure(default, "python", args.rounds, with_docker_run=True)
    others = args.language_rounds
    show(
        {
            "rounds": args.rounds,
            **python,
            "speedup_over_docker_run": round(python["docker_run_ms"] / python["codesync_ms"], 1),
            "languages": {
                name: await measure(default, name, others, with_docker_run=False)
                for name in SOURCES
                if name != "python"
            },
            "cpus": {"1.0": await measure(1.0, "python", others, with_docker_run=False)},
            **machine(),
        },
        as_json=args.json,
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
