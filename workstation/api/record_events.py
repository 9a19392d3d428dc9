"""Events of records on the wire: the type, scope and body of each kind's saves. Kinds without a line are silent."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from workstation.api.schemas.api_keys import api_key_body
from workstation.api.schemas.overrides import override_body
from workstation.api.schemas.strategies import strategy_body
from workstation.api.schemas.strategy_runs import run_body
from workstation.api.schemas.subscriptions import subscription_body
from workstation.api.schemas.webhooks import dead_body, received_body
from workstation.domain.events import RecordSaved
from workstation.domain.records import (
    ApiKey,
    MarketSubscription,
    Record,
    RiskOverride,
    StrategyDefinition,
    StrategyRun,
    Webhook,
    WebhookSource,
)
from workstation.domain.records.market import SubscriptionStatus
from workstation.domain.records.strategies import StrategyRunStatus


class RecordType(NamedTuple):
    """How a kind is told of. type_of: event type of a save, "" for a silent one; scope: what a caller needs.

    types: every type that there is of the kind; body: the resource; owner: the user who alone may see it, "" for
    everyone in the tenant.
    """

    resource_type: str
    scope: str
    type_of: Callable[[RecordSaved], str]
    types: tuple[str, ...]
    body: Callable[[Any], dict[str, Any]]
    owner: Callable[[Any], str] = lambda _: ""


_VERBS = ("created", "changed", "deleted")


def named(prefix: str) -> Callable[[RecordSaved], str]:
    """Return event types `prefix.created`, `.changed` and `.deleted`."""

    def type_of(saved: RecordSaved) -> str:
        record = saved.record
        verb = "deleted" if record.deleted_at is not None else "created" if record.row_version == 1 else "changed"
        return f"{prefix}.{verb}"

    return type_of


def of_webhook(saved: RecordSaved) -> str:
    """Return the event type of a delivery that was given up; other saves of a webhook are silent."""
    return "webhook.delivery.dead" if saved.record.row_version > 1 and "last_dead" in saved.changed else ""


def of_source(saved: RecordSaved) -> str:
    """Return the event type of what a source tells; other saves of a source are silent."""
    return "webhook.received" if saved.record.row_version > 1 and "last_received" in saved.changed else ""


def always(name: str) -> Callable[[RecordSaved], str]:
    """Return one event type for every save."""
    return lambda _: name


_STATUS_EVENTS = {
    SubscriptionStatus.ACTIVE: "resumed",
    SubscriptionStatus.PAUSED: "paused",
    SubscriptionStatus.ERROR: "error",
    SubscriptionStatus.CANCELLED: "cancelled",
}


def _of_subscription(saved: RecordSaved) -> str:
    """Return the event type of a subscription's save: a change of its status is told by name."""
    record = saved.record
    if isinstance(record, MarketSubscription) and record.deleted_at is not None:
        return "marketdata.subscription.cancelled"
    if isinstance(record, MarketSubscription) and record.row_version > 1 and "status" in saved.changed:
        return f"marketdata.subscription.{_STATUS_EVENTS[record.status]}"
    return named("marketdata.subscription")(saved)


def _of_override(saved: RecordSaved) -> str:
    """Return the event type of an override's save: made, or used by an order."""
    if saved.record.row_version == 1:
        return "risk.override.created"
    return "risk.override.used" if "used_at" in saved.changed else ""


_RUN_EVENTS = {
    StrategyRunStatus.PAUSED: "paused",
    StrategyRunStatus.STOPPED: "stopped",
    StrategyRunStatus.COMPLETED: "completed",
    StrategyRunStatus.ERROR: "error",
}


def _of_run(saved: RecordSaved) -> str:
    """Return the event type of a run's change of standing; saves of its figures are silent."""
    run = saved.record
    if not isinstance(run, StrategyRun) or "status" not in saved.changed:
        return ""
    if run.status is StrategyRunStatus.RUNNING:
        return f"strategy.run.{'started' if run.row_version == 1 else 'resumed'}"
    return f"strategy.run.{_RUN_EVENTS[run.status]}" if run.status in _RUN_EVENTS else ""


def _of(prefix: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{verb}" for verb in verbs)


RECORD_TYPES: Mapping[type[Record], RecordType] = {
    MarketSubscription: RecordType(
        "subscription",
        "marketdata:view",
        _of_subscription,
        _of("marketdata.subscription", *_VERBS[:2], *_STATUS_EVENTS.values()),
        subscription_body,
        lambda record: record.user_id,
    ),
    ApiKey: RecordType(
        "api_key",
        "apikeys:manage",
        named("auth.api_key"),
        _of("auth.api_key", *_VERBS),
        lambda record: api_key_body(record, None),
        lambda record: record.user_id,
    ),
    RiskOverride: RecordType(
        "override",
        "risk:view",
        _of_override,
        _of("risk.override", "created", "used"),
        lambda record: override_body(record, record.updated_at),
    ),
    Webhook: RecordType("webhook", "webhooks:view", of_webhook, ("webhook.delivery.dead",), dead_body),
    StrategyDefinition: RecordType(
        "strategy", "strategies:view", named("strategy"), _of("strategy", *_VERBS), strategy_body
    ),
    StrategyRun: RecordType(
        "strategy_run",
        "strategies:view",
        _of_run,
        _of("strategy.run", "started", "resumed", *_RUN_EVENTS.values()),
        lambda run: run_body(run, None),
    ),
    WebhookSource: RecordType("webhook_source", "webhooks:view", of_source, ("webhook.received",), received_body),
}
