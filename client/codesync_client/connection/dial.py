"""Opens a websocket to a server, or raises an error that states the reason."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from codesync_client.connection.http_refusal import explain
from codesync_client.connection.patience import patient_timeout
from codesync_client.errors import CannotConnect
from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.links import is_private_link

_CHECK = "check that the address is a CodeSync server's"
_TOO_MANY = "too many connections come from your address: try again in a minute"


@dataclass(frozen=True, slots=True)
class DialOptions:
    """Options of a connection.

    Attributes:
        insecure: allow ws:// to another machine, although others can read the traffic.
        ca_file: trust these certificates (PEM) instead of the system's.
        open_timeout: seconds until an unanswered attempt fails.
        ping_seconds: a connection counts as cut if nothing arrives for twice this time, not even
            the answer to a ping.
    """

    insecure: bool = False
    ca_file: Path | None = None
    open_timeout: float = 10.0
    ping_seconds: float = 7.0


class CountingConnection(ClientConnection):
    """A websocket that counts what arrives.

    Attributes:
        received: bytes so far.
    """

    received = 0

    def data_received(self, data: bytes) -> None:
        """Process bytes from the network."""
        self.received += len(data)
        super().data_received(data)


class _NoRedirects(connect):
    """Refuses redirects, which would send the token elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def dial(server: str, options: DialOptions) -> CountingConnection:
    """Open a websocket.

    Args:
        server: a server's address as `links.parse_server` returns it.
        options: the options.

    Returns:
        The open connection.

    Raises:
        CannotConnect: the connection failed; the error states reason and remedy.
    """
    if not options.insecure and not is_private_link(server):
        raise CannotConnect(
            f"{server} is not encrypted, and not on this machine: anybody on the way could read"
            " along and take your place",
            "use wss://, or an SSH tunnel to its loopback; --insecure connects all the same",
        )
    secure = server.startswith("wss://")
    tls = None
    if secure:
        try:
            tls = ssl.create_default_context(cafile=options.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise CannotConnect(f"cannot read the certificates: {error}") from None
    try:
        async with patient_timeout(options.open_timeout):
            websocket = await _NoRedirects(
                server,
                ssl=tls,
                proxy=True if secure else None,
                compression=None,
                max_size=FRAME_MAX,
                open_timeout=None,
                ping_interval=None,  # `lifeline` tells a slow line from a dead one
                create_connection=CountingConnection,
                close_timeout=2.0,
                user_agent_header=None,
            )
    except TimeoutError:
        raise CannotConnect(
            f"{server} did not answer within {options.open_timeout:g} s",
            "check the address, and whether a firewall lies between",
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise CannotConnect(
            f"{server}: its certificate is not trusted ({error.verify_message or error})",
            "check the host name, or name the issuer's certificate with --ca-file",
        ) from None
    except OSError as error:
        if secure and isinstance(error, ssl.SSLError | ConnectionResetError):
            remedy = "check the address; a server without TLS has one that begins with ws://"
            if isinstance(error, ConnectionResetError):
                remedy += f". If it is right, {_TOO_MANY}"
            raise CannotConnect(f"{server} does not speak TLS", remedy) from None
        if isinstance(error, ConnectionResetError):
            raise _cut_off(server) from None
        raise CannotConnect(
            f"no server answers at {server} ({error.strerror or error})",
            "check the address, or start one with: codesync serve",
        ) from None
    except InvalidStatus as error:
        raise explain(server, error.response) from None
    except InvalidMessage as error:
        if isinstance(error.__cause__, EOFError):
            raise _cut_off(server) from None
        raise _no_websocket(server, error) from None
    except (InvalidHandshake, InvalidURI, WebSocketException, ValueError) as error:
        raise _no_websocket(server, error) from None
    assert isinstance(websocket, CountingConnection)  # made by create_connection
    return websocket


def _no_websocket(server: str, error: Exception) -> CannotConnect:
    return CannotConnect(f"{server} does not speak websocket ({error})", _CHECK)


def _cut_off(server: str) -> CannotConnect:
    """A server resets connections beyond its rate without a word."""
    return CannotConnect(
        f"{server} does not speak websocket, or takes no more connections now:"
        " it closed this one without an answer",
        f"{_CHECK}. If it is, {_TOO_MANY}",
    )
