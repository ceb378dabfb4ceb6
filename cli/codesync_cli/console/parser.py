"""Argument parsers whose error messages are filtered and suggest corrections."""

import argparse
from difflib import get_close_matches
from typing import NoReturn

from codesync_protocol.printable import show_line


class Parser(argparse.ArgumentParser):
    """An argument parser for arguments of any origin, such as a pasted link."""

    def error(self, message: str) -> NoReturn:
        """Print the problem, and exit with the status of a usage error."""
        _, _, unknown = message.partition("unrecognized arguments: ")
        flag = unknown.split(" ")[0].partition("=")[0]
        known = [each for each in self._option_string_actions if each.startswith("--")]
        if flag.startswith("--") and (near := get_close_matches(flag, known, 1)):
            message = f"{message}; did you mean {near[0]}?"
        super().error(show_line(message))
