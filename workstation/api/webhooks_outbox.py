"""From the journal to deliveries: which event goes to which webhook, and under which message id.

The journal holds every event with its own transaction; here its lines become deliveries, page after page, and the
place reached is stored with them. Ids follow from webhook and event, so that making them twice makes them once.
Runs on a reading thread.
"""

from collections.abc import Callable, Iterable

from workstation.api.envelopes import Envelope, Envelopes
from workstation.api.event_types import is_of_type
from workstation.domain.records import LOCAL_TENANT, Tenant, Webhook
from workstation.domain.records.bounds import WEBHOOKS_MAX
from workstation.ports.deliveries import EVENTS_PER_LINE, Delivery, delivery_id
from workstation.ports.store import Reader, RecordQuery

PAGE_LINES = 200
TENANTS_MAX = 500
PLACE_EVERY_LINES = 1_000
"""Lines without a delivery after which the place reached is stored all the same."""

DEAD_EVENT = "webhook.delivery.dead"


class Outbox:
    """Makes deliveries. now_ns: wall time, UTC ns."""

    def __init__(self, reader: Reader, envelopes: Envelopes, now_ns: Callable[[], int]) -> None:
        self._reader, self._envelopes, self._now_ns = reader, envelopes, now_ns
        self._hooks: dict[str, Webhook] = {}
        self._is_known = self._has_begun = False
        self._seq = self._stored_seq = 0

    @property
    def is_idle(self) -> bool:
        """Whether there is nobody to tell."""
        return self._is_known and not self._hooks

    def forget(self) -> None:
        """Read at the next call which webhooks there are."""
        self._is_known = False

    def advance(self) -> int:
        """Make deliveries of all that is new; returns how many. What is not stored is made again at the next call."""
        if not self._is_known:
            self._learn()
        made = 0
        while self._hooks and (lines := self._reader.events(self._seq, PAGE_LINES)):
            found = [delivery for envelope in self._envelopes.of_lines(lines) for delivery in self._for(envelope)]
            upto = lines[-1].seq
            if (found or upto - self._stored_seq >= PLACE_EVERY_LINES) and not self._store(found, upto):
                break
            self._seq = upto
            made += len(found)
        return made

    def _learn(self) -> None:
        """Read the active webhooks, and go back to where a new one begins; what others had already stays made once."""
        before, self._hooks = self._hooks, {hook.id: hook for hook in active_webhooks(self._reader)}
        self._is_known = True
        new = [hook for hook in self._hooks.values() if hook.id not in before]
        if not new:
            return
        newest = self._reader.newest_seq()
        if not self._has_begun:
            told = self._reader.deliveries.place() // EVENTS_PER_LINE
            self._seq = max(told, self._last_before(min(hook.created_at for hook in new), newest))
        else:
            begin = self._last_before(min(hook.updated_at for hook in new), newest)
            self._seq = min(self._seq, begin) if before else begin
        self._store([], self._seq)

    def _store(self, made: list[Delivery], seq: int) -> bool:
        stored = self._reader.deliveries.make(made, seq * EVENTS_PER_LINE)
        if stored:
            self._stored_seq = seq
            self._has_begun = True
        return stored

    def _for(self, envelope: Envelope) -> Iterable[Delivery]:
        now = self._now_ns()
        return [new_delivery(hook, envelope, now) for hook in self._hooks.values() if wants(hook, envelope)]

    def _last_before(self, ts: int, newest: int) -> int:
        """Return the last line written before a time, by bisection: lines are in order of time but for clock steps."""
        low, high = max(self._reader.oldest_seq() - 1, 0), newest
        while low < high:
            middle = (low + high) // 2
            line = self._reader.events(middle, 1)
            if line and line[0].ts_wall < ts:
                low = middle + 1
            else:
                high = middle
        return low


def active_webhooks(reader: Reader) -> tuple[Webhook, ...]:
    """Return the webhooks that are told, of every tenant."""
    teams = reader.records(Tenant, RecordQuery(tenant=LOCAL_TENANT, limit=TENANTS_MAX, with_count=False)).rows
    found: list[Webhook] = []
    for tenant in (LOCAL_TENANT, *(team.id for team in teams)):
        query = RecordQuery(tenant=tenant, equal={"is_active": True}, limit=WEBHOOKS_MAX, with_count=False)
        found += [row for row in reader.records(Webhook, query).rows if isinstance(row, Webhook)]
    return tuple(found)


def wants(hook: Webhook, envelope: Envelope) -> bool:
    """Tell whether a webhook is told of an event: its types, what its maker could see, and nothing older than itself.

    An alert that names a webhook calls it whatever types it asked for. That a delivery to it was given up is told to
    all others: it would be one more message for an endpoint that is down.
    """
    is_for_maker = envelope.scope in hook.scopes and envelope.owner in ("", hook.user_id)
    if envelope.tenant != hook.tenant or not is_for_maker or envelope.time < hook.created_at:
        return False
    if envelope.type == DEAD_EVENT and envelope.resource_id == hook.id:
        return False
    return envelope.target == hook.id or is_of_type(envelope.type, hook.event_types)


def new_delivery(hook: Webhook, envelope: Envelope, now_ns: int) -> Delivery:
    """Return the delivery of an event, the same at every making."""
    made = delivery_id(hook.id, envelope.id)
    return Delivery(
        id=made,
        tenant=hook.tenant,
        webhook_id=hook.id,
        event_id=envelope.id,
        message_id=f"msg_{made.replace('-', '')}",
        event_type=envelope.type,
        payload=envelope.body,
        next_attempt_at=now_ns,
        created_at=now_ns,
        updated_at=now_ns,
    )
