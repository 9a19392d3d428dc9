"""A webhook as an alert's action: which ones may be called, and what became of each call.

Beside both walks. The firing itself is a journal line, from which the outbox makes the delivery, so that a call
outlives a crash; here its fate is read for the list of alerts, on a thread of its own. Nothing here dials anything.
"""

from collections import deque
from concurrent.futures import Executor

import msgspec

from workstation.domain.alerts import AlertHook
from workstation.domain.errors import StorageError, ValidationError
from workstation.domain.records import LOCAL_TENANT, Webhook
from workstation.domain.records.book import RecordBook
from workstation.kernel.logs import get_logger
from workstation.ports.deliveries import EVENTS_PER_LINE, Deliveries, Delivery, DeliveryStatus, delivery_id

SCOPE = "events:view"
"""What a webhook's maker must have been allowed to see to be told of alerts."""

CALLS_MAX = 500
"""Calls whose end is waited for; beyond, the oldest is followed no more."""

_log = get_logger("alerts")


class HookFate(msgspec.Struct, frozen=True):
    """What became of an alert's call. words: for its row; is_failed: nothing more is tried."""

    alert: str
    words: str
    is_failed: bool = False


class AlertHooks:
    """The webhooks of one engine's alerts. Engine thread; deliveries are read on `reading`."""

    def __init__(self, records: RecordBook, deliveries: Deliveries, reading: Executor) -> None:
        self._records, self._deliveries, self._reading = records, deliveries, reading
        self._calls: dict[str, tuple[str, str]] = {}
        self._heard: deque[tuple[str, str, Delivery | None]] = deque(maxlen=2 * CALLS_MAX)
        self._reads = False

    def offered(self) -> tuple[AlertHook, ...]:
        """Return the webhooks that an alert may call, by name."""
        hooks = self._records.all(Webhook, LOCAL_TENANT)
        found = [AlertHook(hook.id, hook.name) for hook in hooks if hook.is_active and SCOPE in hook.scopes]
        return tuple(sorted(found, key=lambda hook: hook.name))

    def check(self, webhook_id: str) -> None:
        """Refuse a webhook that could not be called.

        Raises:
            ValidationError: there is none, it is switched off, or its maker may not see events.
        """
        hook = self._records.find(Webhook, LOCAL_TENANT, webhook_id)
        if hook is None:
            raise ValidationError("webhook", "is no webhook of this installation")
        if not hook.is_active:
            raise ValidationError("webhook", f"{hook.name} is switched off", allowed="one that is on")
        if SCOPE not in hook.scopes:
            raise ValidationError("webhook", f"{hook.name} may not be told of alerts", allowed=f"one made with {SCOPE}")

    def called(self, alert_id: str, webhook_id: str, seq: int) -> HookFate:
        """Follow the call that a journal line makes; returns how it stands."""
        hook = self._records.find(Webhook, LOCAL_TENANT, webhook_id)
        if hook is None or not hook.is_active:
            return HookFate(alert_id, "webhook FAILED: it is switched off or deleted", is_failed=True)
        self._calls.pop(alert_id, None)
        self._calls[alert_id] = (webhook_id, delivery_id(webhook_id, seq * EVENTS_PER_LINE))
        if len(self._calls) > CALLS_MAX:
            del self._calls[next(iter(self._calls))]
        return HookFate(alert_id, f"webhook {hook.name} is under way")

    def outcomes(self) -> list[HookFate]:
        """Return what is news of calls since the last time, and have the open ones read again."""
        fates = []
        while self._heard:
            alert, wanted, delivery = self._heard.popleft()
            if delivery is not None and self._calls.get(alert, ("", ""))[1] == wanted:
                fates.append(self._fate(alert, delivery))
                if delivery.status in (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD):
                    del self._calls[alert]
        if self._calls and not self._reads:
            self._reads = True
            self._reading.submit(self._read, dict(self._calls))
        return fates

    def _fate(self, alert: str, delivery: Delivery) -> HookFate:
        hook = self._records.find(Webhook, LOCAL_TENANT, delivery.webhook_id)
        name = "webhook" if hook is None else f"webhook {hook.name}"
        match delivery.status:
            case DeliveryStatus.DELIVERED:
                return HookFate(alert, f"{name} called")
            case DeliveryStatus.DEAD:
                return HookFate(alert, f"{name} FAILED: {delivery.error}", is_failed=True)
            case DeliveryStatus.RETRYING:
                return HookFate(alert, f"{name} is tried again: {delivery.error}")
            case DeliveryStatus.PENDING:
                return HookFate(alert, f"{name} is under way")

    def _read(self, calls: dict[str, tuple[str, str]]) -> None:
        try:
            for alert, (webhook_id, wanted) in calls.items():
                self._heard.append((alert, wanted, self._deliveries.delivery(LOCAL_TENANT, webhook_id, wanted)))
        except StorageError as error:
            _log.info("alert_calls_not_read", reason=str(error))  # read again at the next look
        finally:
            self._reads = False
