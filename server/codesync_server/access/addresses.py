"""Network addresses as charged identities."""

import ipaddress

IPV6_PREFIX = 64
"""One subscriber has at least this many bits of addresses to choose from."""


def address_identity(host: str) -> str:
    """Return the identity of a client's address.

    Args:
        host: an IP address as the socket gives it, or any other name of the client's end.

    Returns:
        An IPv4 address as it is, also if it is mapped into IPv6; the /64 network of an IPv6
        address; any other text as it is.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
