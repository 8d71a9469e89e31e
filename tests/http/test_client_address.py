"""Whose request it is: what proxies write is parsed, what clients write is not believed."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Request
from werkzeug.test import EnvironBuilder

from booking.http.client_address import ProxiesTrusted, client_address, client_key, find_address
from tests.cases import each

PEER = "192.0.2.9"
LONGEST_KEY = 43

as_proxies_write_them = each(
    ("written", "meant"),
    [
        ("198.51.100.1", "198.51.100.1"),
        (" 198.51.100.1\t", "198.51.100.1"),
        ("198.51.100.1:40000", "198.51.100.1"),
        ('"198.51.100.1:40000"', "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("0:0:0:0:0:FFFF:C633:6401", "198.51.100.1"),
        ("[::ffff:198.51.100.1]:40000", "198.51.100.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
no_addresses = each(
    "garbage",
    [
        *("", "unknown", "_hidden", "1", "198.51.100", "198.51.100.256", "0198.51.100.1", "0x7f.1", "١٩٨.51.100.1"),
        *("for=198.51.100.1", "198.51.100.1.example", "198.51.100.1%eth0", "2001:db8::g", ":::", "[", "x" * 100_000),
    ],
)


def seen(trusted: int, **headers: str) -> tuple[str, str]:
    """The address and scheme that the application is told."""
    told: list[Request] = []

    def application(environ: Any, _: Any) -> list[bytes]:
        told.append(Request(environ))
        return []

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    environ = EnvironBuilder(headers=list(named.items()), environ_base={"REMOTE_ADDR": PEER}).get_environ()
    ProxiesTrusted(application, trusted)(environ, lambda *_: lambda _: None)
    return client_address(told[0]), told[0].scheme


@as_proxies_write_them
def test_an_address_is_read_as_proxies_write_it(written: str, meant: str) -> None:
    assert str(find_address(written)) == meant
    assert seen(1, X_Forwarded_For=written) == (meant, "http")


@no_addresses
def test_what_is_no_address_leaves_the_peers_own(garbage: str) -> None:
    assert find_address(garbage) is None
    assert seen(1, X_Forwarded_For=f"198.51.100.7, {garbage}") == (PEER, "http")


@each(
    ("trusted", "forwarded", "address"),
    [
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6,198.51.100.1", "198.51.100.1"),
        (1, '"6.6.6.6, 198.51.100.1', "198.51.100.1"),  # a quote that the client opened swallows nothing
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", PEER),  # came by fewer proxies than there are
        (3, "198.51.100.1, 10.0.0.1", PEER),
        (1, "198.51.100.1,", PEER),
        (1, "6.6.6.6," * 20_000 + "198.51.100.1", "198.51.100.1"),
    ],
)
def test_addresses_are_counted_from_the_right(trusted: int, forwarded: str, address: str) -> None:
    assert seen(trusted, X_Forwarded_For=forwarded) == (address, "http")


@each(
    ("trusted", "told", "scheme"),
    [
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (1, "http, https", "https"),
        (1, "https, http", "http"),
        (2, "https, http", "https"),
        (1, "javascript", "http"),
        (1, "", "http"),
    ],
)
def test_the_scheme_is_what_the_outermost_proxy_was_asked_by(trusted: int, told: str, scheme: str) -> None:
    assert seen(trusted, X_Forwarded_Proto=told) == (PEER, scheme)


def test_everybody_in_one_64_is_one_client() -> None:
    keys = {client_key(f"2001:db8:0:1:{n:x}::{n:x}") for n in range(1, 13)}
    assert keys == {"2001:db8:0:1::/64"}
    assert client_key("2001:db8:0:2::1") not in keys
    assert client_key("::ffff:198.51.100.1") == client_key("198.51.100.1:80") == "198.51.100.1"
    assert client_key("198.51.100.2") != client_key("198.51.100.1")


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_every_address_is_found_again_and_its_key_is_short(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    found = find_address(str(address))
    assert found in {address, getattr(address, "ipv4_mapped", None)}
    bracketed = f"[{address}]:80" if address.version == 6 else f"{address}:80"
    assert find_address(bracketed) == find_address(address.exploded) == found
    assert len(client_key(str(address))) <= LONGEST_KEY


@given(st.text(max_size=200))
def test_no_text_makes_a_long_key_or_an_error(text: str) -> None:
    assert len(client_key(text)) <= LONGEST_KEY


@each("peer", [None, "", "unix:/run/web.sock"])
def test_a_peer_without_an_address_is_one_client(peer: str | None) -> None:
    assert client_address(Request({"REMOTE_ADDR": peer} if peer is not None else {})) == "unknown"
