"""Upstream addresses and keys: what is allowed, what is not."""

from __future__ import annotations

import asyncio
import os

import pytest

from madang.gateway._addresses import Target, UpstreamRefused, is_public, read_key, resolve

REFUSED = [
    "http://api.example.com/v1", "ftp://x/", "https://", "https://u:p@x.example/", "x",
    "https://x.example/v1?a=b", "https://x.example/#f", "https://x.example:99999/",
    "https://x.example/a b", "https://x.example/\r\nx: y",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_refused(url):
    with pytest.raises(UpstreamRefused):
        Target.parse(url, allow_private=False)


def test_an_address_is_read_into_its_parts():
    target = Target.parse("https://api.example.com:8443/v1/", allow_private=False)
    assert (target.origin.host, target.origin.port, target.path) == (
        "api.example.com",
        8443,
        "/v1",
    )
    assert target.host_header == "api.example.com:8443"
    assert Target.parse("http://127.0.0.1:1/v1", allow_private=True).origin.is_tls is False


NOT_PUBLIC = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1",
    "2002:7f00:1::", "64:ff9b::a00:1", "::",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_private_addresses_are_known_however_they_are_wrapped(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address):
    assert is_public(address)


def test_a_name_that_leads_inside_is_refused():
    origin = Target.parse("https://localhost/", allow_private=False).origin
    with pytest.raises(UpstreamRefused):
        asyncio.run(resolve(origin))


def test_keys_come_from_the_named_places_only(tmp_path, monkeypatch):
    (tmp_path / "nuri").write_text("sk-1\n")
    (tmp_path / "bad").write_text("a\nb")
    os.symlink(tmp_path / "nuri", tmp_path / "link")
    monkeypatch.setenv("MADANG_UPSTREAM_NURI", "sk-2")
    assert read_key("", tmp_path) == ""
    assert read_key("file:nuri", tmp_path) == "sk-1"
    assert read_key("env:MADANG_UPSTREAM_NURI", tmp_path) == "sk-2"
    for name in (
        "env:PATH", "env:MADANG_UPSTREAM_", "env:MADANG_UPSTREAM_NONE", "file:../nuri",
        "file:/etc/passwd", "file:", "file:none", "file:bad", "file:link", "nuri", "sk-3",
    ):  # fmt: skip
        with pytest.raises(UpstreamRefused):
            read_key(name, tmp_path)
