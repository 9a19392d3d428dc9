"""What a person types to make or change a webhook, read into values; what is wrong is said for each field.

Beside both walks. Whether an endpoint may be told is judged where names can be resolved; here stands what needs no
network.
"""

import re

import msgspec

from workstation.domain.records import Webhook

NAME_MAX, URL_MAX, EVENT_TYPES_MAX, EVENT_TYPE_MAX = 200, 2_000, 50, 60
_EVENT_TYPE = re.compile(r"[a-z_]+(\.[a-z_]+)*(\.\*)?", re.ASCII)
_URL = re.compile(r"https?://[^\s/@]+(/\S*)?", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{1,6}", re.ASCII)

BOUNDS = {"max_retries": (0, 10), "retry_delay_s": (1, 3_600), "timeout_s": (1, 30)}
"""Least and most of the whole numbers, both included."""


class HookInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of the form, as typed."""

    name: str = ""
    endpoint_url: str = ""
    event_types: str = ""
    max_retries: str = "3"
    retry_delay_s: str = "60"
    timeout_s: str = "30"


class HookFields(msgspec.Struct, frozen=True, kw_only=True):
    """Values of the form. event_types: none for all events."""

    name: str
    endpoint_url: str
    event_types: tuple[str, ...]
    max_retries: int
    retry_delay_s: int
    timeout_s: int


def inputs_of(hook: Webhook) -> HookInputs:
    """Return a webhook as the form shows it."""
    return HookInputs(
        name=hook.name,
        endpoint_url=hook.endpoint_url,
        event_types=", ".join(hook.event_types),
        max_retries=str(hook.max_retries),
        retry_delay_s=str(hook.retry_delay_s),
        timeout_s=str(hook.timeout_s),
    )


def read_hook(typed: HookInputs) -> tuple[HookFields | None, dict[str, str]]:
    """Return the values, None while something is wrong, and what is wrong by field."""
    name, url = typed.name.strip(), typed.endpoint_url.strip()
    types = tuple(dict.fromkeys(filter(None, re.split(r"[,\s]+", typed.event_types))))
    numbers = {field: getattr(typed, field).strip() for field in BOUNDS}
    wrong = {
        "name": _name_trouble(name),
        "endpoint_url": _url_trouble(url),
        "event_types": _types_trouble(types),
        **{field: _number_trouble(text, *BOUNDS[field]) for field, text in numbers.items()},
    }
    wrong = {field: text for field, text in wrong.items() if text}
    if wrong:
        return None, wrong
    whole = {field: int(text) for field, text in numbers.items()}
    return HookFields(name=name, endpoint_url=url, event_types=types, **whole), {}


def _name_trouble(name: str) -> str:
    if not name:
        return "A name is needed."
    return f"At most {NAME_MAX} characters." if len(name) > NAME_MAX else ""


def _url_trouble(url: str) -> str:
    if not url:
        return "An address is needed, such as https://hooks.example.com/fills."
    if len(url) > URL_MAX:
        return f"At most {URL_MAX:,} characters."
    return "" if _URL.fullmatch(url) else "An https address with a host, without user and password."


def _types_trouble(types: tuple[str, ...]) -> str:
    if len(types) > EVENT_TYPES_MAX:
        return f"At most {EVENT_TYPES_MAX} event types."
    odd = [text for text in types if len(text) > EVENT_TYPE_MAX or not _EVENT_TYPE.fullmatch(text)]
    return f"{odd[0]} is no event type; write order.filled, or order.* for all of a kind." if odd else ""


def _number_trouble(text: str, least: int, most: int) -> str:
    good = _WHOLE.fullmatch(text) and least <= int(text) <= most
    return "" if good else f"{least} to {most:,}."
