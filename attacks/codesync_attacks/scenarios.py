"""Members who behave badly, with the help of programs that need do nothing wrong (A26 to A32)."""

import asyncio
from contextlib import suppress
from typing import Final

from codesync_attacks.attack import Attack, Enter, Outcome
from codesync_attacks.outcomes import outcome, submit_and_wait, until
from codesync_client.errors import Offline
from codesync_client.submission import Submission
from codesync_protocol.messages import Finished, Started, StdinMode
from codesync_protocol.verdict import Verdict

HOG: Final = """
import fcntl
pipes = []
try:
    while True:
        pipes.append(os.pipe())
except OSError:
    pass
for _, end in pipes:
    try:
        fcntl.fcntl(end, 1031, 1 << 20)
    except OSError:
        break
time.sleep(60)
"""
"""Takes as many pipe buffers as one user may have."""

VICTIM: Final = """
import ctypes, fcntl
_, end = os.pipe()
print("pipe", fcntl.fcntl(end, 1032))
print("inotify", ctypes.CDLL(None).inotify_init1(0) >= 0)
print("processes", os.fork() >= 0)
"""

LITTER: Final = """
for folder in "/tmp", "/dev/shm":
    for number in range(100):
        open(f"{folder}/left-{number}", "w").close()
"""

QUICK: Final = Attack("quick", "print('hello')", Verdict.OK).submission


async def beside_a_hog(enter: Enter, submission: Submission) -> Outcome:
    """One program takes all that a user of the kernel may have; the other must not notice."""
    hog = Attack("hog", HOG, Verdict.TIME_LIMIT).submission()
    async with enter("eve") as eve, enter("mallory") as mallory:
        await eve.submit(hog)
        await until(eve, Started)
        return await submit_and_wait(mallory, submission)


async def after_litter(enter: Enter, submission: Submission) -> Outcome:
    """One program leaves files everywhere; the next one must see none of them."""
    async with enter("eve") as eve:
        await submit_and_wait(eve, Attack("litter", LITTER, Verdict.OK).submission())
        return await submit_and_wait(eve, submission)


async def pour_stdin(enter: Enter, submission: Submission) -> Outcome:
    """Pour input into a program that never reads."""
    async with enter("eve") as eve:
        eve.follow(submission.job)
        await eve.submit(submission)

        async def pour() -> None:
            with suppress(Offline):
                for _ in range(1600):
                    await eve.send_stdin(submission.job, bytes(65536))

        pouring = asyncio.ensure_future(pour())
        try:
            return await outcome(eve, submission.job)
        finally:
            pouring.cancel()
            await asyncio.wait([pouring])


async def leave_meanwhile(enter: Enter, submission: Submission) -> Outcome:
    """Submit, and leave while the program runs; whoever stays sees it end."""
    async with enter("mallory") as mallory:
        mallory.follow(submission.job)
        async with enter("eve") as eve:
            await eve.submit(submission)
            await until(mallory, Started)
        return await outcome(mallory, submission.job)


async def do_not_read(enter: Enter, submission: Submission) -> Outcome:
    """Sit in a room where a program floods, and read nothing; the others get everything."""
    async with enter("sloth"), enter("eve") as eve:
        return await submit_and_wait(eve, submission)


async def exhaust_the_pool(enter: Enter, submission: Submission) -> Outcome:
    """Submit more at once than sandboxes are parked; all of it runs."""
    async with enter("eve") as eve, enter("mallory") as mallory:
        others = [QUICK() for _ in range(8)]
        for room, quick in zip((eve, mallory) * 4, others, strict=True):
            await room.submit(quick)
        done = await submit_and_wait(eve, submission)
        for quick in others:
            while (result := eve.jobs[quick.job].result) is None:
                await until(eve, Finished)
            assert result.verdict is Verdict.OK, f"one of nine ended as {result.verdict}"
        return done


SCENARIOS: Final = (
    Attack(
        "a26_take_what_users_of_the_kernel_share",
        VICTIM,
        Verdict.OK,
        None,
        exit_code=0,
        scenario=beside_a_hog,
    ),
    Attack(
        "a27_leave_something_for_the_next",
        "print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.access('/dev/mqueue', os.W_OK))",
        Verdict.OK,
        "['job'] [] False\n",
        exit_code=0,
        scenario=after_litter,
    ),
    Attack(
        "a31_pour_a_hundred_megabytes_into_a_program_that_never_reads",
        "time.sleep(60)",
        Verdict.TIME_LIMIT,
        stdin=StdinMode.PIPED,
        scenario=pour_stdin,
    ),
    Attack(
        "a32_wait_for_input_that_never_comes",
        "sys.stdin.read()",
        Verdict.TIME_LIMIT,
        stdin=StdinMode.PIPED,
    ),
    Attack(
        "b01_leave_while_the_program_runs",
        "time.sleep(1)\nprint('still here')",
        Verdict.OK,
        "still here\n",
        exit_code=0,
        scenario=leave_meanwhile,
    ),
    Attack(
        "b02_read_nothing_while_a_program_floods",
        "for _ in range(150): os.write(1, b'x' * 65536)",
        Verdict.OK,
        "x" * (150 * 65536),
        exit_code=0,
        scenario=do_not_read,
    ),
    Attack(
        "b03_submit_more_than_the_pool_holds",
        "print('hello')",
        Verdict.OK,
        "hello\n",
        exit_code=0,
        scenario=exhaust_the_pool,
    ),
)
