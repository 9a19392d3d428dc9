"""Webhooks: endpoints of others that are told of events, and sources that others tell us through.

Secrets are here sealed alone, as text that only the REST interface can open.
"""

from typing import Any

import msgspec

from workstation.domain.records.record import Record


class Webhook(Record, frozen=True, kw_only=True, tag="webhook"):
    """An endpoint that is told. event_types: types or prefixes such as `order.*`, empty for all.

    scopes: those of its maker, `user_id`; it is told of nothing that he could not see. secret: sealed; the one before
    is good until `previous_until`, UTC ns. last_dead: id of the delivery that was given up last.
    """

    user_id: str
    name: str
    endpoint_url: str
    event_types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    secret: str
    previous_secret: str = ""
    previous_until: int = 0
    is_active: bool = True
    max_retries: int = 3
    retry_delay_s: int = 60
    timeout_s: int = 30
    disabled_reason: str = ""
    last_dead: str = ""
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class ReceivedHook(msgspec.Struct, frozen=True, kw_only=True):
    """What a source told last. message_id: its `webhook-id`; payload: as it came; received_at: UTC ns."""

    message_id: str
    payload: Any
    received_at: int


class WebhookSource(Record, frozen=True, kw_only=True, tag="webhook_source"):
    """A program that may tell us. secret: sealed, "" where it does not sign.

    instruments: symbols that it may price; sequences: number of its last market message of each.
    """

    name: str
    description: str = ""
    secret: str = ""
    is_active: bool = True
    last_received: ReceivedHook | None = None
    instruments: tuple[str, ...] = ()
    sequences: dict[str, int] = msgspec.field(default_factory=dict)
