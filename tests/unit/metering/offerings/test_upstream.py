"""Where calls may be sent: one row for each address that may not."""

from __future__ import annotations

import pytest

from madang.metering.errors import UpstreamKeyNotAllowed, UpstreamNotAllowed
from madang.metering.offerings.upstream import check_upstream, check_upstream_key


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.nuri.example/v1", "scheme"),
        ("ftp://api.nuri.example/v1", "scheme"),
        ("api.nuri.example/v1", "scheme"),
        ("https:///v1", "scheme"),
        ("https://user:word@api.nuri.example/v1", "credentials"),
        ("https://api.nuri.example/v1?x=1", "query"),
        ("https://api.nuri.example/v1#x", "query"),
        ("https://127.0.0.1/v1", "address"),
        ("https://10.1.2.3/v1", "address"),
        ("https://169.254.169.254/latest", "address"),
        ("https://[::1]/v1", "address"),
        ("https://[fd00::1]/v1", "address"),
        ("https://localhost/v1", "address"),
        ("https://model.localhost/v1", "address"),
        ("https://model/v1", "address"),
        ("https://model.internal/v1", "address"),
        ("https://2130706433/v1", "address"),
        ("https://127.1/v1", "address"),
    ],
)
def test_address_that_is_not_public_https_is_refused(url, reason) -> None:
    with pytest.raises(UpstreamNotAllowed) as refusal:
        check_upstream(url, allow_private=False)
    assert refusal.value.fields["reason"] == reason


@pytest.mark.parametrize(
    "url",
    ["https://api.nuri.example/v1", "https://api.nuri.example:8443/v1", "https://8.8.8.8/v1"],
)
def test_public_https_address_is_allowed(url) -> None:
    check_upstream(url, allow_private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9001/v1", "http://model:8000/v1"])
def test_declaration_may_name_a_private_address(url) -> None:
    check_upstream(url, allow_private=True)


@pytest.mark.parametrize(
    "name",
    [
        "sk-a-real-key", "env:HOME", "env:MADANG_UPSTREAM_", "env:madang_upstream_x",
        "file:../x", "file:/etc/passwd", "file:.x", "file:a/b", "file:",
    ],
)  # fmt: skip
def test_key_that_is_not_a_name_of_the_allowed_form_is_refused(name) -> None:
    with pytest.raises(UpstreamKeyNotAllowed):
        check_upstream_key(name)


@pytest.mark.parametrize("name", ["", "env:MADANG_UPSTREAM_NURI", "file:nuri.key"])
def test_key_may_be_named_in_two_ways(name) -> None:
    check_upstream_key(name)
