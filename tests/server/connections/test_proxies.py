"""The address of a client behind a reverse proxy, and forged headers."""

from collections.abc import Sequence

import pytest
from websockets.datastructures import Headers

from codesync_server.connections.proxies import TrustedProxies

PROXIES = TrustedProxies(["10.0.0.1", "192.168.0.0/16", "2001:db8:ffff::/48"])


def client_of(host: str, *headers: tuple[str, str]) -> str:
    return PROXIES.client_of(host, Headers(headers))


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_h10_headers_of_a_stranger_are_ignored(name: str) -> None:
    assert client_of("203.0.113.9", (name, "for=198.51.100.1")) == "203.0.113.9"
    assert client_of("203.0.113.9", (name, "198.51.100.1")) == "203.0.113.9"


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:80", "2001:db8::7"),
        ("forged, 198.51.100.1", "198.51.100.1"),
        ("1.2.3.4, 198.51.100.1, 192.168.7.7", "198.51.100.1"),
        ("198.51.100.1, 2001:db8:ffff::1", "198.51.100.1"),
        ("198.51.100.1, ::ffff:192.168.7.7", "198.51.100.1"),
        ("198.51.100.1, unknown", "10.0.0.1"),
        ("192.168.1.1", "10.0.0.1"),
        ("", "10.0.0.1"),
        (",,,", "10.0.0.1"),
    ],
)
def test_h10_the_right_most_untrusted_hop_is_the_client(value: str, client: str) -> None:
    assert client_of("10.0.0.1", ("X-Forwarded-For", value)) == client
    assert client_of("::ffff:10.0.0.1", ("X-Forwarded-For", value)) in {client, "::ffff:10.0.0.1"}


@pytest.mark.parametrize(
    ("values", "client"),
    [
        (["for=198.51.100.1"], "198.51.100.1"),
        (['For="[2001:db8::7]:4711"; proto=https'], "2001:db8::7"),
        (["proto=http;for=198.51.100.1;by=10.0.0.1"], "198.51.100.1"),
        (["for=1.2.3.4, for=198.51.100.1", "for=192.168.7.7"], "198.51.100.1"),
        (["for=_hidden"], "10.0.0.1"),
        (["by=198.51.100.1"], "10.0.0.1"),
    ],
)
def test_h10_forwarded_is_understood_as_well(values: Sequence[str], client: str) -> None:
    assert client_of("10.0.0.1", *(("Forwarded", value) for value in values)) == client


def test_h10_only_trusted_proxies_are_exempt_from_the_limits_of_an_address() -> None:
    assert PROXIES.trusts("192.168.3.4")
    assert not PROXIES.trusts("203.0.113.9")
    assert not PROXIES.trusts("local")
