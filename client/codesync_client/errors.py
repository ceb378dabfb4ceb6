"""What can go wrong for a client; each says what to do about it.

- ClientError
    - CannotConnect: nobody answers at the address, or not in a way that we trust
        - ServerNotProved: whoever answers does not know the secret of our link or token
    - EntryRefused: the server answers, and does not let us in
    - SubmissionRejected: the job will not run
    - NotFound: what was asked for is not there, or cannot be read now
    - CheckFailed: this machine cannot check now whether the room's texts may be loaded
    - Offline: not now; the connection is being restored
"""

from codesync_protocol.errors import Code


class ClientError(Exception):
    """The root of everything that a client may have to tell its user.

    Attributes:
        reason: what is wrong, for people. May hold text of the server: show it sanitised.
        remedy: what to do about it; may be empty.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


class CannotConnect(ClientError):
    """Nobody answers at the address, or not in a way that we trust.

    Attributes:
        retry_after: seconds until the server wants to be tried again; 0 if it does not say.
        is_final: further attempts cannot help.
    """

    def __init__(
        self, reason: str, remedy: str = "", *, retry_after: float = 0.0, is_final: bool = False
    ) -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        self.is_final = is_final


class ServerNotProved(CannotConnect):
    """Whoever answers does not know the secret of our link or token; nothing secret was sent."""


class EntryRefused(ClientError):
    """The server answers, and does not let us in.

    Attributes:
        code: why, for programs.
    """

    def __init__(self, code: Code, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.code = code


class SubmissionRejected(ClientError):
    """The job will not run.

    Attributes:
        code: why, for programs; None when the submission never left this machine.
        retry_in: seconds until another attempt makes sense; 0 if the same would be refused again.
    """

    def __init__(
        self, code: Code | None, reason: str, remedy: str = "", retry_in: float = 0.0
    ) -> None:
        super().__init__(reason, remedy)
        self.code = code
        self.retry_in = retry_in


class NotFound(ClientError):
    """What was asked for is not there, or cannot be read now."""


class CheckFailed(ClientError):
    """This machine cannot check now whether the room's texts may be loaded."""


class Offline(ClientError):
    """Not now: the connection is being restored."""
