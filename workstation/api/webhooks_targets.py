"""Where a webhook may point, and the one address that is dialled: checked and pinned, so that no name can move between.

`https` to public addresses; `http`, private and loopback ones only where `host:port` is allowed by the settings;
link-local, metadata, multicast and unspecified addresses, other schemes, user info and the API's own port never.
Addresses that carry another inside (IPv4 mapped or compatible, 6to4, NAT64, Teredo) are judged by both.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from workstation.api.errors import ApiError, invalid

RESOLVE_TIMEOUT_S = 5.0
URL_MAX = 2_000
_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_CLOSED = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "3fff::/20", "5f00::/16", "100::/64")))
"""Ranges that no public host is in, whatever a library of some age says: a network's own NAT64, documents, routing."""

_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")))
"""Addresses of cloud metadata services outside the link-local ranges."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetForbidden(ValueError):
    """A URL that nothing is sent to; the text says why."""


class TargetUnresolved(ValueError):
    """A URL whose name leads nowhere just now."""


@dataclass(frozen=True)
class Target:
    """A URL that may be called and the address that is dialled for it. authority: the Host header."""

    url: httpx.URL
    address: Address
    authority: str

    @property
    def dialled(self) -> httpx.URL:
        """The URL with the pinned address in the place of the name."""
        return self.url.copy_with(host=str(self.address))


class Targets:
    """Judges URLs. allowed_hosts: `host:port` that may be private or plain; own_port: the API's own."""

    def __init__(self, allowed_hosts: Iterable[str], own_port: int) -> None:
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._own_port = own_port

    async def resolve(self, text: str) -> Target:
        """Return the target of a URL, its name resolved now and every address of it judged.

        Raises:
            TargetForbidden: it may not be called.
            TargetUnresolved: its name leads nowhere just now.
        """
        url, port, is_allowed = self._parsed(text)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            raise TargetUnresolved("has a name that cannot be resolved") from None
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        for address in addresses:
            self._judge(address, port, is_allowed=is_allowed)
        return Target(url, addresses[0], url.netloc.decode("ascii"))

    def _parsed(self, text: str) -> tuple[httpx.URL, int, bool]:
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            raise TargetForbidden("is no URL") from None
        if url.scheme not in _PORTS or not url.host:
            raise TargetForbidden("must be an https URL with a host")
        if url.userinfo:
            raise TargetForbidden("must not hold a user or password")
        port = url.port or _PORTS[url.scheme]
        is_allowed = f"{url.host.lower()}:{port}" in self._allowed
        if url.scheme == "http" and not is_allowed:
            raise TargetForbidden("must be https, unless webhooks.allowed_hosts names its host:port")
        return url, port, is_allowed

    def _judge(self, outer: Address, port: int, *, is_allowed: bool) -> None:
        for address in (outer, *_inside(outer)):
            if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
                raise TargetForbidden("leads to a link-local, metadata, multicast or unspecified address")
            if address.is_loopback and port == self._own_port:
                raise TargetForbidden("leads to this program's own interface")
            is_public = address.is_global and not any(address in network for network in _CLOSED)
            if not is_public and not is_allowed:
                raise TargetForbidden("leads to a private address that webhooks.allowed_hosts does not name")


async def judge(targets: Targets, url: str, field: str) -> None:
    """Refuse a URL that may not be called. A name that leads nowhere just now is judged when it does.

    Raises:
        ApiError: 422, naming `field`.
    """
    try:
        await targets.resolve(url)
    except TargetUnresolved:
        return
    except TargetForbidden as error:
        fields = invalid(field, str(error)).details
        raise ApiError("TARGET_FORBIDDEN", f"The {field} {error}.", fields) from None


def _inside(address: Address) -> list[Address]:
    """Return the addresses that an IPv6 address carries."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    inside: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [found for found in inside if found is not None]
