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
            The right-most address in X-Forwarded-For or Forwarded that is not a trusted proxy's:
            a client can write anything to the left of it. `host` if it is no trusted proxy, if
            that entry is not an address, or if the two headers differ: a proxy writes one of them,
            and may pass the other one on as the client wrote it.
        """
        if not self.trusts(host):
            return host
        paths = [path for path in (_x_forwarded_for(headers), _forwarded(headers)) if path]
        clients = {self._first_untrusted(path) for path in paths}
        return clients.pop() or host if len(clients) == 1 else host

    def _first_untrusted(self, hops: Sequence[str]) -> str | None:
        for hop in reversed(hops):
            address = _parsed(_without_port(hop))
            if address is None:
                return None
            if not self.trusts(str(address)):
                return str(address)
        return None


def _x_forwarded_for(headers: Headers) -> Sequence[str]:
    listed = ",".join(headers.get_all("X-Forwarded-For"))
    return [hop.strip() for hop in listed.split(",")] if listed else []


def _forwarded(headers: Headers) -> Sequence[str]:
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
