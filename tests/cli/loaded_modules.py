"""Prints the names of the modules that `python -m` has loaded when it starts a module."""

import sys

if __name__ == "__main__":
    print(*{name.partition(".")[0] for name in sys.modules})
