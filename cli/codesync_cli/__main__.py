"""The entry point of `codesync` and `python -m codesync_cli`."""

import sys
from collections.abc import Sequence

from codesync_cli.process import hidden_link, import_path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments after the name of the program; None for those of this process.

    Returns:
        The exit status.
    """
    if argv is None:
        import_path.exclude_working_directory()
        hidden_link.hide()
    # Imported late, because this imports most of the standard library.
    from codesync_cli.dispatch import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
