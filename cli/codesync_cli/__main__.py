"""The entry point of `codesync` and `python -m codesync_cli`."""

import sys
from collections.abc import Sequence

from codesync_cli.process import hidden_link, import_path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments behind the program's name; None for those of this process.

    Returns:
        The exit status.
    """
    if argv is None:
        import_path.exclude_working_directory()
        hidden_link.hide()
    # Imported only now: most of the standard library is imported on the way.
    from codesync_cli.dispatch import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
