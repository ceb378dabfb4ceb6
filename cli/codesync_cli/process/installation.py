"""Builds commands that install more of CodeSync, from the source of this installation.

No package index has CodeSync, so a command that names only the distribution would install a
stranger's package.
"""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "codesync-rooms"


def command(extra: str) -> str:
    """Build the command that installs an extra of CodeSync.

    Args:
        extra: "tui" or "server".

    Returns:
        A command that names the checkout, wheel or repository of this installation; in a checkout
        if that is not known any more.
    """
    if source := _source():
        return f"pip install '{DISTRIBUTION}[{extra}] @ {source}'"
    return f"pip install '.[{extra}]' in a checkout of the CodeSync repository"


def _source() -> str | None:
    """Return the URL of this installation (PEP 610), if it can be used again."""
    try:
        text = distribution(DISTRIBUTION).read_text("direct_url.json")
        record: dict[str, Any] = json.loads(text or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    url = record.get("url")
    if not isinstance(url, str) or "'" in url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "file":
        return url if Path(unquote(parts.path)).exists() else None
    if vcs := record.get("vcs_info"):
        return f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return url
