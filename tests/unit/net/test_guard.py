from __future__ import annotations

import pytest

from tracker.errors import ForbiddenAddress, NetworkError
from tracker.net.guard import AddressGuard

CLOSED = [
    "http://127.0.0.1/",
    "http://127.1.2.3:8080/",
    "http://localhost/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://0.0.0.0/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[4000::1]/",
]
TRICKS = [
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://134744072/",
    "http://8.8.8.08/",
    "http://user@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1/",
    "http://8.8.8.8\\@127.0.0.1/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "http:///a",
    "http://8.8.8.8:0/",
    "http://8.8.8.8:22/",
    "http://8.8.8.8:6379000/",
    "http://8.8.8.8:25/",
    "//8.8.8.8/",
    "",
]


@pytest.mark.parametrize("url", CLOSED + TRICKS)
def test_closed_addresses_and_tricks_are_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard().check(url)


@pytest.mark.parametrize("url", TRICKS)
def test_tricks_are_refused_even_where_private_networks_are_open(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard(allow_private=True, allowed_networks=("127.0.0.0/8",)).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://1.1.1.1:8443/a",
        "http://[2606:4700:4700::1111]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
    ],
)
def test_public_addresses_pass(url: str) -> None:
    AddressGuard().check(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://10.0.0.1/", "http://[::1]/"])
def test_allow_private_opens_loopback_and_private_networks(url: str) -> None:
    AddressGuard(allow_private=True).check(url)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://224.0.0.1/", "http://0.0.0.0/", "http://[fe80::1]/"]
)
def test_allow_private_leaves_metadata_and_multicast_closed(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard(allow_private=True).check(url)


def test_a_named_network_is_open_and_only_that() -> None:
    guard = AddressGuard(allowed_networks=("127.0.0.0/8", "fd12::/16"))
    guard.check("http://127.0.0.1:8000/")
    guard.check("http://[fd12::1]/")
    guard.check("http://[::ffff:127.0.0.1]/")
    for url in ("http://10.0.0.1/", "http://[::1]/"):
        with pytest.raises(ForbiddenAddress):
            guard.check(url)


def test_a_host_that_cannot_exist_is_a_network_error() -> None:
    label = "a" * 64  # one character more than DNS allows, so nobody is asked
    with pytest.raises(NetworkError):
        AddressGuard().check(f"http://{label}.invalid/")


def test_what_is_no_ip_address_is_not_allowed() -> None:
    assert not AddressGuard(allow_private=True).allows_ip("localhost")
