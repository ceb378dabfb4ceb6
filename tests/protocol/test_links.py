"""Join links: valid input of users, and hostile input."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.links import (
    Link,
    LinkError,
    is_loopback_host,
    is_private_link,
    parse_server,
)

TOKEN = "MXxyb29tfGVkaXRvcg.Ab_-09"
HOSTS = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,5})?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
LINKS = st.builds(
    Link,
    st.builds("{}://{}:{}".format, st.sampled_from(["ws", "wss"]), HOSTS, st.integers(1, 65535)),
    st.from_regex(r"[a-z0-9-]{3,64}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.-]{0,80}", fullmatch=True),
)

# Links.


@given(LINKS)
def test_a_link_is_read_as_it_was_written(link: Link) -> None:
    assert Link.parse(str(link)) == link


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (f"ws://127.0.0.1:4000/lab-3#{TOKEN}", "ws://127.0.0.1:4000"),
        (f"  ws://127.0.0.1:4000/lab-3#{TOKEN}\n", "ws://127.0.0.1:4000"),
        (f"ws://127.0.0.1:4000/lab-3/#{TOKEN}", "ws://127.0.0.1:4000"),
        (f"ws://example.org/lab-3#{TOKEN}", "ws://example.org:4000"),
        (f"wss://example.org/lab-3#{TOKEN}", "wss://example.org:443"),
        (f"WSS://Example.ORG/lab-3#{TOKEN}", "wss://example.org:443"),
        (f"ws://[::1]:4000/lab-3#{TOKEN}", "ws://[::1]:4000"),
        (f"ws://[::1]/lab-3#{TOKEN}", "ws://[::1]:4000"),
        (f"localhost:4000/lab-3#{TOKEN}", "ws://localhost:4000"),
        (f"localhost/lab-3#{TOKEN}", "ws://localhost:4000"),
    ],
)
def test_the_spellings_of_a_link(text: str, server: str) -> None:
    assert Link.parse(text) == Link(server, "lab-3", TOKEN)


def test_a_link_without_a_token_is_a_link() -> None:
    link = Link.parse("ws://localhost:4000/lab-3")
    assert link.token == ""
    assert str(link) == "ws://localhost:4000/lab-3"


def test_the_token_stands_in_the_fragment_and_nowhere_else() -> None:
    link = Link("ws://localhost:4000", "lab-3", TOKEN)
    parts = urlsplit(str(link))
    assert parts.fragment == TOKEN
    assert TOKEN not in parts.netloc + parts.path + parts.query
    assert TOKEN not in link.server


def test_a_token_in_the_query_is_not_taken_for_one() -> None:
    assert Link.parse(f"ws://localhost/lab-3?token={TOKEN}").token == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no room"),
        ("ws://", "names no room"),
        ("hello", "names no room"),
        ("ws://localhost:4000", "names no room"),
        ("ws://localhost:4000/", "names no room"),
        ("ws://localhost:4000/Lab", "names no room"),
        ("ws://localhost:4000/ab", "names no room"),
        ("ws://localhost:4000/../etc", "names no room"),
        ("ws://localhost:4000/lab/more", "names no room"),
        ("ws://localhost:4000/lab%2d3", "names no room"),
        ("/home/ana/main.py", "names no room"),
        ("http://localhost:4000/lab-3", "ws:// or wss://"),
        ("file:///lab-3", "ws:// or wss://"),
        ("javascript://localhost/lab-3", "ws:// or wss://"),
        ("ws:///lab-3", "names no host"),
        ("ws://:4000/lab-3", "names no host"),
        ("ws://ana@localhost:4000/lab-3", "names no host"),
        ("ws://ana:pw@localhost:4000/lab-3", "names no host"),
        ("ws://localhost@evil.example/lab-3", "names no host"),
        ("ws://localhost:4000\\@evil.example/lab-3", "names no host"),
        ("ws://@localhost/lab-3", "names no host"),
        ("ws://[::1/lab-3", "names no host"),
        ("ws://::1/lab-3", "port"),
        ("ws://[::1]evil.example/lab-3", "names no host"),
        ("ws://[v1.evil]/lab-3", "names no host"),
        ("ws://[evil.example]/lab-3", "names no host"),
        ("ws://evil\u2100.example/lab-3", "names no host"),  # a/c when it is normalised
        ("ws://local host/lab-3", "names no host"),
        ("ws://\x1b[31mlocalhost/lab-3", "names no host"),
        ("ws://local\u202ehost/lab-3", "names no host"),
        ("ws://localhost\x00/lab-3", "names no host"),
        ("ws://localhost:0x10/lab-3", "port"),
        ("ws://localhost:65536/lab-3", "port"),
        ("ws://localhost:-1/lab-3", "port"),
        ("ws://localhost:4000:4000/lab-3", "port"),
    ],
)
def test_what_is_no_link_is_refused_with_a_sentence_that_says_why(text: str, said: str) -> None:
    with pytest.raises(LinkError) as caught:
        Link.parse(text)
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_a_link_or_a_link_error(text: str) -> None:
    for opening in ("", "ws://", "ws://localhost", "ws://["):
        try:
            link = Link.parse(opening + text)
        except LinkError as error:
            assert "\x1b" not in str(error)  # noqa: PT017 # it may well be a link
        else:
            assert Link.parse(str(link)) == link


# Addresses of servers.


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("localhost", "ws://localhost:4000"),
        ("localhost:5000", "ws://localhost:5000"),
        ("ws://localhost", "ws://localhost:4000"),
        ("ws://localhost/", "ws://localhost:4000"),
        ("wss://example.org", "wss://example.org:443"),
        ("wss://example.org:4000", "wss://example.org:4000"),
        ("[::1]:5000", "ws://[::1]:5000"),
        ("10.0.0.7:5000", "ws://10.0.0.7:5000"),
    ],
)
def test_the_spellings_of_a_server(text: str, server: str) -> None:
    assert parse_server(text) == server
    assert parse_server(server) == server


@pytest.mark.parametrize(
    "text", ["", "ws://", "http://localhost", "localhost/lab-3", "localhost?x", "localhost#x"]
)
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(LinkError):
        parse_server(text)


# Who can read along.


@pytest.mark.parametrize(
    "host", ["localhost", "a.localhost", "127.0.0.1", "127.8.9.10", "::1", "[::1]"]
)
def test_these_hosts_are_this_machine(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "notlocalhost",
        "127.0.0.1 ",
        "0177.0.0.1",
    ],
)
def test_these_hosts_may_be_others(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize(
    ("server", "private"),
    [
        ("ws://127.0.0.1:4000", True),
        ("ws://[::1]:4000", True),
        ("ws://localhost:4000", True),
        ("wss://example.org:443", True),
        ("ws://example.org:4000", False),
        ("ws://10.0.0.1:4000", False),
        ("ws://[2001:db8::1]:4000", False),
    ],
)
def test_a_link_is_private_on_this_machine_and_with_tls(server: str, private: bool) -> None:
    assert is_private_link(server) is private


@given(
    st.one_of(st.text(), LINKS.map(str)),
    st.sampled_from(["", " ", "WS://", "--server=", "\t", "//"]),
)
def test_h04_every_text_in_which_a_token_is_found_has_the_sign_that_the_client_hides(
    text: str, before: str
) -> None:
    for shown in (before + text, text.upper(), text.replace("ws://", before)):
        try:
            token = Link.parse(shown).token
        except LinkError:
            continue
        assert not token or "#" in shown
