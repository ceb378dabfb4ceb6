"""The server's token, which makes its owner a host in every room. Stored in a file of mode 0600."""

import os
import secrets
from pathlib import Path

TOKEN_BYTES = 32
TOKEN_LENGTH_MIN = 32


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
        if os.path.lexists(path):
            return load(path)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        try:
            _write_new(path, token + "\n")
        except FileExistsError:  # another server was faster
            return load(path)
        return token
    except OSError as error:
        raise TokenFileError(
            f"cannot use the token file {path}: {error.strerror};"
            " name another one with --token-file"
        ) from None


def _write_new(path: Path, text: str) -> None:
    """Make a file that is there with all of its text, or not at all.

    Raises:
        FileExistsError: it is there already.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    finally:
        os.unlink(draft)


def load(path: Path) -> str:
    """Read the token of a server that has been started before.

    Raises:
        TokenFileError: there is none, it cannot be read, or others can read it.
    """
    try:
        with open(path) as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise TokenFileError(
                    f"others can read the token file {path}; correct this with: chmod 600 {path}"
                )
            token = file.read().strip()
    except OSError as error:
        raise TokenFileError(
            f"cannot read the token file {path}: {error.strerror};"
            " `codesync serve` makes one at its first start"
        ) from None
    except UnicodeDecodeError:
        token = ""
    if len(token) < TOKEN_LENGTH_MIN or not token.isprintable():
        raise TokenFileError(
            f"the token file {path} holds no token of {TOKEN_LENGTH_MIN} characters or more;"
            " remove it to have a new one made"
        )
    return token
