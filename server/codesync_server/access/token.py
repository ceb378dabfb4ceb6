"""The server's own token: whoever has it is a host in every room. Kept in a file of mode 0600."""

import os
import secrets
from pathlib import Path

TOKEN_BYTES = 32


class TokenFileError(Exception):
    """The token file cannot be used; the message says why and what to do."""


def default_path() -> Path:
    """Where the token is kept unless the operator says otherwise (XDG Base Directory)."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "codesync" / "token"


def load_or_create(path: Path) -> str:
    """Read the token, or make one at the first start.

    Args:
        path: the file.

    Returns:
        The token: 256 random bits, URL-safe.

    Raises:
        TokenFileError: the file cannot be read or written, or others can read it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            return _load(path)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with open(descriptor, "w") as file:
            file.write(token + "\n")
        return token
    except OSError as error:
        raise TokenFileError(
            f"cannot use the token file {path}: {error.strerror};"
            " name another one with --token-file"
        ) from None


def _load(path: Path) -> str:
    with open(path) as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise TokenFileError(
                f"others can read the token file {path}; mend it with: chmod 600 {path}"
            )
        token = file.read().strip()
    if len(token) < 32:
        raise TokenFileError(
            f"the token file {path} holds no token of 32 characters or more;"
            " remove it to have a new one made"
        )
    return token
