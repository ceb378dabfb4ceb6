"""The errors of the library; each has a remedy.

- ClientError
    - CannotConnect: no server answers at the address, or it is not trusted
        - ServerNotProved: the server does not know the secret of the link or token
    - EntryRefused: the server refuses the entry
    - SubmissionRejected: the job will not run
    - NotFound: the requested record does not exist, or cannot be read now
    - CheckFailed: this machine cannot check now whether the room's texts may be loaded
    - Offline: the connection is being restored, or has ended
"""

from codesync_protocol.errors import Code


class ClientError(Exception):
    """Base class of the errors of the library.

    Attributes:
        reason: the problem, for people. It may contain text of the server: filter it.
        remedy: what the user can do; may be empty.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


class CannotConnect(ClientError):
    """No server answers at the address, or it is not trusted.

    Attributes:
        retry_after: seconds after which the server allows a new attempt; 0 if unknown.
        is_final: whether further attempts are useless.
    """

    def __init__(
        self, reason: str, remedy: str = "", *, retry_after: float = 0.0, is_final: bool = False
    ) -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        self.is_final = is_final


class ServerNotProved(CannotConnect):
    """The server does not know the secret of the link or token; no secret was sent."""


class EntryRefused(ClientError):
    """The server refuses the entry.

    Attributes:
        code: the reason, for programs.
    """

    def __init__(self, code: Code, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.code = code


class SubmissionRejected(ClientError):
    """The job will not run.

    Attributes:
        code: the reason, for programs; None if the submission was not sent.
        retry_in: seconds until another attempt may succeed; 0 if it would be refused again.
    """

    def __init__(
        self, code: Code | None, reason: str, remedy: str = "", retry_in: float = 0.0
    ) -> None:
        super().__init__(reason, remedy)
        self.code = code
        self.retry_in = retry_in


class NotFound(ClientError):
    """The requested record does not exist, or cannot be read now."""


class CheckFailed(ClientError):
    """This machine cannot check now whether the room's texts may be loaded."""


class Offline(ClientError):
    """The connection is being restored, or has ended."""
