"""Network addresses as charged identities."""

import pytest

from codesync_server.access.addresses import address_identity


@pytest.mark.parametrize(
    ("host", "identity"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("local", "local"),
    ],
)
def test_h10_an_ipv6_network_counts_as_one_address(host: str, identity: str) -> None:
    assert address_identity(host) == identity
