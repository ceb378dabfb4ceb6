"""Members and strangers who abuse a server, in a separate process for benchmarks.

    python -m benchmarks.abusers CASE SERVER TOKEN < /dev/null

Connects from 127.0.0.2, so that the server sees another address than that of the measured member.
Prints `{"ready": true}` when the abuse has begun, then counts of its actions once per second, until
it is killed. cases.CASES names the kinds of abuse.
"""

import argparse
import asyncio
import json
import os
from contextlib import AsyncExitStack, suppress

from benchmarks.abusers.abuse import Abuse, AwayLoop
from benchmarks.abusers.cases import CASES
from codesync_client.errors import ClientError
from codesync_server.access.invites import InviteSigner

NICE = 15
"""Low priority, because abusers have their own machines in reality."""


async def main() -> None:
    """Abuse the server until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("server")
    parser.add_argument("token")
    args = parser.parse_args()
    os.nice(NICE)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        abuse = Abuse(args.server, InviteSigner(args.token), stack, tasks)
        with suppress(ClientError):
            await CASES[args.case](abuse)
        print(json.dumps({"ready": True}), flush=True)
        while True:
            await asyncio.sleep(1.0)
            print(json.dumps(abuse.done), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=AwayLoop) as runner:
        runner.run(main())
