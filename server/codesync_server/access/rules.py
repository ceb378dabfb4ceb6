"""Rules for starting a server, and for the rights of roles."""

from codesync_protocol.links import is_loopback_host
from codesync_protocol.messages import Role
from codesync_server.configuration.settings import Settings

ACTING_ROLES = frozenset({Role.HOST, Role.EDITOR})
"""Who may submit, type into programs and cancel; a viewer watches."""


class UnsafeSettings(Exception):
    """The settings would expose people; the message names the flag that allows it all the same."""


def check_binding(settings: Settings) -> None:
    """Refuse to listen beyond this machine in the clear.

    Raises:
        UnsafeSettings: the settings do not allow it.
    """
    if is_loopback_host(settings.host) or settings.tls or settings.insecure:
        return
    raise UnsafeSettings(
        f"listening on {settings.host} without TLS would let anybody on the way read along;"
        " give --tls-cert and --tls-key, or say --insecure"
    )


def check_local_executor(settings: Settings) -> None:
    """Refuse to run strangers' programs unsandboxed.

    Raises:
        UnsafeSettings: the settings do not allow it.
    """
    if is_loopback_host(settings.host) or settings.unsafe_local:
        return
    raise UnsafeSettings(
        f"listening on {settings.host} with the local executor would let everybody with a token"
        " run programs as you, unsandboxed; use Docker, or say --unsafe-local"
    )
