"""Parsers of our arguments: what is wrong is said harmlessly, and what may have been meant."""

import argparse
from difflib import get_close_matches
from typing import NoReturn

from codesync_protocol.printable import show_line


class Parser(argparse.ArgumentParser):
    """An argument parser for arguments that may come from anywhere: a link that was pasted, say."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with the status of a usage error."""
        _, _, unknown = message.partition("unrecognized arguments: ")
        flag = unknown.split(" ")[0].partition("=")[0]
        known = [each for each in self._option_string_actions if each.startswith("--")]
        if flag.startswith("--") and (near := get_close_matches(flag, known, 1)):
            message = f"{message}; did you mean {near[0]}?"
        super().error(show_line(message))
