"""One attempt to deliver: to the pinned address, within the time limit, and at most 4 KiB of the answer kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from workstation.api.webhooks_targets import TargetForbidden, Targets, TargetUnresolved

ANSWER_BYTES_MAX = 4_096
TIMEOUT_S_MAX = 30.0
HEADERS_KEPT_MAX = 40
HEADER_CHARACTERS_MAX = 200
_NOT_KEPT = frozenset({"set-cookie", "authorization", "proxy-authenticate", "www-authenticate"})


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered. status: None when it gave none, then `error` says why."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Whether it took the message: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether it wants no more messages, ever."""
        return self.status == 410


class Dialler:
    """Sends messages. Connections are not kept: each attempt dials the address that was judged for it."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=limits, timeout=TIMEOUT_S_MAX)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """Post a message and return the answer; never raises for what the other side does."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._send(url, headers, body)
        except TimeoutError:
            return Answer(error=f"no answer within {timeout_s:g} s")
        except (TargetForbidden, TargetUnresolved) as error:
            return Answer(error=f"the target {error}")
        except httpx.HTTPError as error:
            return Answer(error=f"{type(error).__name__}: {error}"[:HEADER_CHARACTERS_MAX])

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        target = await self._targets.resolve(url)
        own = {"Host": target.authority, "Accept-Encoding": "identity"}
        sent = {"Content-Type": "application/json", **headers, **own}
        extensions = {"sni_hostname": target.url.host}
        async with self._http.stream(
            "POST", target.dialled, content=body, headers=sent, extensions=extensions
        ) as answer:
            kept = b""
            async for chunk in answer.aiter_raw():
                kept += chunk
                if len(kept) >= ANSWER_BYTES_MAX:
                    break
            shown = [(name, value) for name, value in answer.headers.items() if name not in _NOT_KEPT]
            return Answer(
                status=answer.status_code,
                headers={name: value[:HEADER_CHARACTERS_MAX] for name, value in shown[:HEADERS_KEPT_MAX]},
                body=kept[:ANSWER_BYTES_MAX].decode(errors="replace"),
            )
