"""Submit to verdict: our warm job against the bare program and against `docker run` for each job.

    python -m benchmarks.job_latency [--json] [--rounds 40]

In each round, one after the other: the program alone in a container of the same image with the
same limits (started by fork and exec there, timed there); `docker run --rm` with the same limits; a
job submitted over a real websocket to a server in a process of its own, timed from the call of
submit to the arrival of its verdict. The overhead of a job is its time less the median of the bare
program's. Our jobs find a filled pool, as after a pause of a third of a second.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from typing import IO

from benchmarks.figures import machine, percentile, show
from benchmarks.server_process import ServerProcess, server_process
from codesync_client import Room, Submission
from codesync_protocol.messages import Finished
from codesync_protocol.verdict import Verdict
from codesync_server.executors.docker.image import image_tag
from codesync_server.executors.docker.profile import SandboxProfile, seccomp_profile

PROGRAM = b"print('hello')\n"

# Runs the program when a line comes, and answers with the seconds that it took.
BARE_LOOP = """
import os, sys, time
open("main.py", "wb").write(b"print('hello')\\n")
for line in sys.stdin:
    began = time.monotonic()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        os.execvp("python3", ["python3", "main.py"])
    os.close(write)
    while os.read(read, 65536):
        pass
    os.close(read)
    os.waitpid(pid, 0)
    print(time.monotonic() - began, flush=True)
"""


def docker_run(profile: SandboxProfile) -> list[str]:
    """`docker run` with the limits that our sandboxes have."""
    period = profile.CPU_PERIOD_MICROSECONDS
    seccomp = "/tmp/codesync-benchmark-seccomp.json"
    with open(seccomp, "w") as file:
        file.write(seccomp_profile())
    return [
        *("docker", "run", "--rm", "-i", "--network=none", "--read-only", "--cap-drop=ALL"),
        *("--security-opt=no-new-privileges", f"--security-opt=seccomp={seccomp}"),
        f"--tmpfs=/tmp:rw,exec,nosuid,nodev,size={profile.tmp},mode=1777",
        *(f"--memory={profile.memory}", f"--memory-swap={profile.memory}"),
        *(f"--cpu-period={period}", f"--cpu-quota={round(profile.cpus * period)}"),
        *(f"--pids-limit={profile.processes}", "--log-driver=none", "--user=23456:23456"),
        *("--workdir=/tmp", image_tag()),
    ]


def start_bare(command: list[str]) -> subprocess.Popen[str]:
    """Start the container in which the program runs alone, again and again."""
    return subprocess.Popen(
        [*command, "python3", "-c", BARE_LOOP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def time_bare(stdin: IO[str], stdout: IO[str]) -> float:
    """Run the program alone, once; give its milliseconds."""
    stdin.write("\n")
    stdin.flush()
    return float(stdout.readline()) * 1000


def time_docker_run(command: list[str]) -> float:
    """Run the program with `docker run`, once; give its milliseconds."""
    began = time.monotonic()
    done = subprocess.run(
        [*command, "python3", "-"], input=PROGRAM, capture_output=True, check=True
    )
    assert done.stdout == b"hello\n", done.stdout
    return (time.monotonic() - began) * 1000


async def time_job(room: Room) -> float:
    """Submit the program, once; give the milliseconds until its verdict."""
    submission = Submission("python", [("main.py", PROGRAM)])
    began = time.monotonic()
    await room.submit(submission)
    async for event in room.events():
        if isinstance(event, Finished) and event.job == submission.job:
            took = (time.monotonic() - began) * 1000
            assert event.result.verdict is Verdict.OK, event.result
            return took
    raise AssertionError("the room ended")


async def measure(server: ServerProcess, rounds: int) -> dict[str, object]:
    """Take the times, interleaved.

    Args:
        server: ours.
        rounds: how many of each.
    """
    command = docker_run(SandboxProfile())
    bare = await asyncio.to_thread(start_bare, command)
    assert bare.stdin is not None
    assert bare.stdout is not None
    times: dict[str, list[float]] = {"bare": [], "docker_run": [], "codesync": []}
    try:
        async with Room(server.link, name="benchmark") as room:
            for number in range(rounds + 1):
                await server.pool_is_full()
                job = await time_job(room)
                await server.pool_is_full()
                alone = await asyncio.to_thread(time_bare, bare.stdin, bare.stdout)
                docker = await asyncio.to_thread(time_docker_run, command)
                if number > 0:  # the first of each warms the caches
                    times["codesync"].append(job)
                    times["bare"].append(alone)
                    times["docker_run"].append(docker)
    finally:
        bare.stdin.close()
        bare.wait()
    pool = (await server.stats())["pool"]
    median = {name: statistics.median(values) for name, values in times.items()}
    overheads = [value - median["bare"] for value in times["codesync"]]
    return {
        "rounds": rounds,
        **{f"{name}_ms": round(value, 2) for name, value in median.items()},
        **{f"{name}_ms_p99": round(percentile(values, 99), 2) for name, values in times.items()},
        "overhead_ms_p50": round(statistics.median(overheads), 2),
        "overhead_ms_p99": round(percentile(overheads, 99), 2),
        "speedup_over_docker_run": round(median["docker_run"] / median["codesync"], 1),
        "pool_hit_rate": round(pool["hits"] / (pool["hits"] + pool["misses"]), 3),
        "refill_ms": round(pool["refill_seconds"] * 1000),
        **machine(),
    }


async def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=40, help="how many of each (%(default)s)")
    args = parser.parse_args()
    async with server_process("--executor=docker") as server:
        show(await measure(server, args.rounds), as_json=args.json)


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
