"""The installed version of CodeSync."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("codesync-rooms")
    except PackageNotFoundError:  # a bare checkout
        return "0+unknown"


VERSION = _installed()

AGENT = f"codesync/{VERSION}"
