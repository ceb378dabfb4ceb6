"""`codesync image`: build or inspect the executor image."""

import argparse
from typing import TYPE_CHECKING

from codesync_cli.console.messages import print_error, print_line, print_note
from codesync_cli.console.parser import Parser
from codesync_cli.exit_codes import ExitCode
from codesync_cli.process import extras

if TYPE_CHECKING:
    from codesync_server.executors.docker.image import ImageState


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = Parser(
        "codesync image",
        description="Build or inspect the executor image. Its name contains the"
        " hash of what it is built from, so a stale one is never used.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = actions.add_parser("build", help="build the image if it is missing")
    build.add_argument("--force", action="store_true", help="build it even if it exists")
    build.add_argument(
        "--network",
        metavar="NET",
        default="auto",
        help="network for the build: auto, default, host, or a name (%(default)s)",
    )
    actions.add_parser("status", help="say whether the image exists")
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    extras.require_extra("server")
    from codesync_server.executors.docker import image
    from codesync_server.executors.docker.engine import EngineError, connect

    try:
        client = connect()
        try:
            state = image.inspect(client)
            if args.action == "status":
                return _status(state)
            if state.present and not args.force:
                print_line(f"{image.image_tag()} is there")
                return ExitCode.OK
            network = image.resolve_network(client, args.network)
            image.build(client, network=network, progress=print_note)
            print_line(f"{image.image_tag()} is built")
        finally:
            client.close()
    except EngineError as error:
        print_error(f"Docker cannot be used: {error}", "see: codesync doctor")
        return ExitCode.FAILED
    except image.ImageBuildError as error:
        print_error(error.reason, error.remedy)
        return ExitCode.FAILED
    return ExitCode.OK


def _status(state: "ImageState") -> int:
    print_line(
        f"{state.tag}: {'there' if state.present else 'not there; codesync image build makes it'}"
    )
    for tag in state.stale:
        print_line(f"{tag}: of another version; `docker rmi {tag}` frees its space")
    return ExitCode.OK if state.present else ExitCode.PROBLEMS
