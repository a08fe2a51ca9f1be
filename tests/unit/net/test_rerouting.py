"""Hosts reached elsewhere: what the settings may say, and what comes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.authority import make_authority
from tracker.errors import ConfigError, ForbiddenAddress
from tracker.net.guard import AddressGuard
from tracker.net.rerouting import Rerouting


@pytest.mark.parametrize(
    ("place", "reached"),
    [
        ("127.0.0.1:8443", ("127.0.0.1", 8443)),
        ("127.0.0.1", ("127.0.0.1", 443)),
        ("gateway.example:65535", ("gateway.example", 65535)),
        ("[::1]:8443", ("::1", 8443)),
        ("[2001:db8::1]", ("2001:db8::1", 443)),
    ],
)
def test_a_named_host_is_reached_elsewhere_and_no_other(
    place: str, reached: tuple[str, int]
) -> None:
    rerouting = Rerouting({"www.Example.org": place})
    assert rerouting.place("www.example.org", 443) == reached
    assert rerouting.place("WWW.EXAMPLE.ORG.", 443) == reached
    for other in ("example.org", "a.www.example.org", "www.example.org.evil.test"):
        assert rerouting.place(other, 443) == (other, 443)


@pytest.mark.parametrize(
    "place",
    ["", ":80", "a:0", "a:65536", "a:b", "http://a", "a/b", "u@a", "::1", "[::1", "[g]", "a b"],
)
def test_a_place_that_is_none_is_refused_by_its_setting(place: str) -> None:
    with pytest.raises(ConfigError, match=r"network\.connect_to"):
        Rerouting({"www.example.org": place})


@pytest.mark.parametrize("host", ["", "https://a", "a/b", "a:80", "*.a", "-a", "a b"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="not the name of a host"):
        Rerouting({host: "127.0.0.1"})


def test_the_place_passes_the_guard_in_the_host_s_stead() -> None:
    rerouting = Rerouting({"www.example.org": "127.0.0.1:8443", "meta.example": "169.254.169.254"})
    with pytest.raises(ForbiddenAddress, match=r"127\.0\.0\.1"):
        AddressGuard(rerouting=rerouting).check("https://www.example.org/")
    AddressGuard(rerouting=rerouting, allow_private=True).check("https://www.example.org/")
    with pytest.raises(ForbiddenAddress, match=r"169\.254"):
        AddressGuard(rerouting=rerouting, allow_private=True).check("https://meta.example/")


def test_authorities_are_added_to_the_usual_ones(tmp_path: Path) -> None:
    ca_file = make_authority(tmp_path, ["a.test"]).ca_file
    bundle = Rerouting(ca_file=ca_file).bundle()
    assert bundle is not None
    assert bundle.endswith(ca_file.read_bytes())
    assert bundle.count(b"BEGIN CERTIFICATE") > 50
    assert Rerouting().bundle() is None


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff\xfe", None])
def test_a_file_without_a_certificate_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"network\.ca_file"):
        Rerouting(ca_file=path)


def test_answers_name_what_was_rerouted(tmp_path: Path) -> None:
    assert Rerouting().tools() == ()
    ca_file = make_authority(tmp_path, ["a.test"]).ca_file
    tools = dict(Rerouting({"b.test": "10.0.0.1", "a.test": "10.0.0.2:1"}, ca_file).tools())
    assert tools["network.connect_to"] == "a.test at 10.0.0.2:1, b.test at 10.0.0.1"
    assert len(tools["network.ca_file"]) == len("sha256 ") + 64


def looked_up_by_a_child(routes: str) -> list[str]:
    code = (
        "import socket\n"
        "from tracker.net.rerouting import Rerouting\n"
        "from tracker.net.ytdlp_child import look_up_by\n"
        "genuine = socket.getaddrinfo\n"
        f"look_up_by(Rerouting({routes}))\n"
        "print(socket.getaddrinfo is genuine)\n"
        "print(socket.getaddrinfo('127.0.0.9', 443, 0, socket.SOCK_STREAM)[0][4])\n"
        "if socket.getaddrinfo is not genuine:\n"
        "    print(socket.getaddrinfo('a.test', 443, 0, socket.SOCK_STREAM)[0][4])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return done.stdout.splitlines()


def test_the_child_of_ytdlp_looks_up_by_it_only_where_something_is_set() -> None:
    assert looked_up_by_a_child("") == ["True", "('127.0.0.9', 443)"]
    assert looked_up_by_a_child("{'a.test': '127.0.0.1:9'}") == [
        "False", "('127.0.0.9', 443)", "('127.0.0.1', 9)",
    ]  # fmt: skip
