"""Detects calls of CodeSync that block the event loop."""

from collections.abc import Generator
from contextlib import contextmanager

from blockbuster import blockbuster_ctx

import codesync_client
import codesync_protocol
import codesync_server

AT_START = [
    ("languages/registry.py", "built_in"),  # reads our own languages.toml
    ("docker/image.py", "dockerfile"),  # reads our own Dockerfile
    ("docker/profile.py", "seccomp_profile"),  # reads our own seccomp.json
    ("executors/local.py", "has_command"),  # looks which compilers are installed
    ("docker/owner.py", "_machine"),  # reads /proc, which waits for no disk
    ("docker/owner.py", "_start_time"),  # as above
    ("pymongo/pool_options.py", "get_container_env_info"),  # whether there is a /.dockerenv
]
"""What blocks for less than a millisecond, once, while a server starts."""


@contextmanager
def nothing_of_ours_blocks() -> Generator[None]:
    """Make a blocking call on the event loop fail where a frame of ours is on the stack.

    pytest, asyncio, websockets and the tests themselves may block: only what they call through
    our packages counts.
    """
    packages = [codesync_server, codesync_client, codesync_protocol]
    with blockbuster_ctx(packages) as blockbuster:
        for call in blockbuster.functions.values():
            for file, function in AT_START:
                call.can_block_in(file, function)
        yield
