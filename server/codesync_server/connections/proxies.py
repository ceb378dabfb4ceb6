"""The address of a client behind a reverse proxy. Pure."""

import ipaddress
import re
from collections.abc import Iterable, Sequence

from websockets.datastructures import Headers

_FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)', re.IGNORECASE)


class TrustedProxies:
    """Finds the client's address in the headers of trusted proxies.

    Args:
        networks: addresses and networks of the proxies; headers from others are ignored.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def trusts(self, host: str) -> bool:
        """Tell whether an address is that of a trusted proxy."""
        address = _parsed(host)
        return address is not None and any(address in network for network in self._networks)

    def client_of(self, host: str, headers: Headers) -> str:
        """Return the address of the client that sent a request.

        Args:
            host: the address of the other end of the connection.
            headers: of the request.

        Returns:
            The right-most address in X-Forwarded-For, or else Forwarded, that is not a trusted
            proxy's: a client can write anything to the left of it. `host` if it is no trusted
            proxy, or if that entry is not an address.
        """
        if not self.trusts(host):
            return host
        for hop in reversed(_hops(headers)):
            address = _parsed(_without_port(hop))
            if address is None:
                return host
            if not self.trusts(str(address)):
                return str(address)
        return host


def _hops(headers: Headers) -> Sequence[str]:
    listed = ",".join(headers.get_all("X-Forwarded-For"))
    if listed:
        return [hop.strip() for hop in listed.split(",")]
    elements = ",".join(headers.get_all("Forwarded")).split(",")
    matches = [_FORWARDED_FOR.search(element) for element in elements if element.strip()]
    return [match[1].strip('"') if match else "" for match in matches]


def _without_port(hop: str) -> str:
    """Return the address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
