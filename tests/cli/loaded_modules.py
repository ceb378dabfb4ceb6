"""Prints the names of the modules that are loaded when `python -m` has started a module."""

import sys

if __name__ == "__main__":
    print(*{name.partition(".")[0] for name in sys.modules})
