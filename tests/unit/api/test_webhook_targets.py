"""Where a webhook may point: every address judged, the judged one dialled."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest

from workstation.api.webhooks_targets import Target, TargetForbidden, Targets, TargetUnresolved

PUBLIC = "93.184.215.14"


def resolve(
    url: str, addresses: list[str], monkeypatch: pytest.MonkeyPatch, *, allowed: tuple[str, ...] = ()
) -> Target:
    """Resolve a URL whose name has these addresses."""

    async def run() -> Target:
        async def found(_host: str, port: int, **_: object) -> list[object]:
            if not addresses:
                raise socket.gaierror
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found, raising=False)
        return await Targets(allowed, 8710).resolve(url)

    return asyncio.run(run())


def test_a_public_name_is_pinned_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    target = resolve("https://hooks.example.com/a?b=c", [PUBLIC], monkeypatch)
    assert target.address == ipaddress.ip_address(PUBLIC)
    assert str(target.dialled) == f"https://{PUBLIC}/a?b=c"
    assert target.authority == "hooks.example.com"
    assert target.url.host == "hooks.example.com"


def test_an_address_of_version_six_and_a_port_are_pinned_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    target = resolve("https://hooks.example.com:8443/a", ["2606:2800:21f:cb07::1"], monkeypatch)
    assert str(target.dialled) == "https://[2606:2800:21f:cb07::1]:8443/a"
    assert target.authority == "hooks.example.com:8443"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "168.63.129.16",
        "::7f00:1", "::10.0.0.1", "64:ff9b:1::a00:1", "3fff::1", "5f00::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_one_forbidden_address_among_public_ones_forbids_the_name(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TargetForbidden):
        resolve("https://hooks.example.com/", [PUBLIC, address], monkeypatch)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "ff02::1", "fd00:ec2::254"])
def test_no_setting_allows_link_local_metadata_multicast_or_nowhere(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TargetForbidden):
        resolve("https://inner.example.com/", [address], monkeypatch, allowed=("inner.example.com:443",))


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "fd12::1"])
def test_the_settings_allow_one_host_and_port_to_be_private_and_plain(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = ("Inner.example.com:9000",)
    assert resolve("http://inner.example.com:9000/", [address], monkeypatch, allowed=allowed).address
    with pytest.raises(TargetForbidden):
        resolve("http://inner.example.com:9001/", [address], monkeypatch, allowed=allowed)


def test_the_own_port_is_forbidden_even_where_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetForbidden, match="own interface"):
        resolve("http://localhost:8710/", ["127.0.0.1"], monkeypatch, allowed=("localhost:8710",))


def test_a_name_that_leads_nowhere_is_told_from_one_that_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetUnresolved):
        resolve("https://gone.example.com/", [], monkeypatch)
