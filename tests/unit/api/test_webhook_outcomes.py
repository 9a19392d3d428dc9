"""What becomes of a delivery after an attempt: taken, tried again later and later, given up."""

from __future__ import annotations

import pytest

from workstation.api.webhooks_dial import Answer
from workstation.api.webhooks_sender import DELAY_S_MAX, JITTER, outcome
from workstation.domain.records import Webhook
from workstation.ports.deliveries import Delivery, DeliveryStatus

NOW = 1_760_000_000_000_000_000
SECOND = 1_000_000_000


def delivery(attempts: int) -> Delivery:
    return Delivery(
        id="d", tenant="local", webhook_id="w", event_id=8, message_id="msg_d", event_type="order.created",
        payload=b"{}", attempt_count=attempts, next_attempt_at=NOW, created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def hook(retries: int = 3, delay_s: int = 60) -> Webhook:
    return Webhook(
        user_id="local", name="h", endpoint_url="https://a.example", secret="",
        max_retries=retries, retry_delay_s=delay_s,
    )  # fmt: skip


def delays(attempts: int, **fields: int) -> list[float]:
    """Return the waits after many equal failures, in seconds."""
    failed = Answer(status=500)
    made = [outcome(delivery(attempts), hook(**fields), failed, NOW) for _ in range(200)]
    assert {row.status for row in made} == {DeliveryStatus.RETRYING}
    return [((row.next_attempt_at or 0) - NOW) / SECOND for row in made]


@pytest.mark.parametrize(("attempts", "base_s"), [(0, 60), (1, 120), (2, 240)])
def test_each_wait_is_twice_the_one_before_and_no_two_are_alike(attempts: int, base_s: int) -> None:
    found = delays(attempts)
    assert min(found) >= base_s * (1 - JITTER)
    assert max(found) <= base_s * (1 + JITTER)
    assert len(set(found)) > 100
    assert max(found) - min(found) > base_s * JITTER


def test_no_wait_is_longer_than_a_day_and_its_jitter() -> None:
    assert max(delays(9, retries=10, delay_s=3_600)) <= DELAY_S_MAX * (1 + JITTER)


@pytest.mark.parametrize(("retries", "attempts", "status"), [(3, 2, "RETRYING"), (3, 3, "DEAD"), (0, 0, "DEAD")])
def test_after_its_last_retry_it_is_given_up(retries: int, attempts: int, status: str) -> None:
    after = outcome(delivery(attempts), hook(retries), Answer(error="no answer"), NOW)
    assert (after.status, after.attempt_count, after.error) == (status, attempts + 1, "no answer")


@pytest.mark.parametrize(("status", "becomes"), [(200, "DELIVERED"), (204, "DELIVERED"), (299, "DELIVERED")])
def test_any_2xx_is_success(status: int, becomes: str) -> None:
    after = outcome(delivery(0), hook(), Answer(status=status), NOW)
    assert (after.status, after.delivered_at, after.next_attempt_at) == (becomes, NOW, None)


@pytest.mark.parametrize(
    ("status", "becomes"), [(199, "RETRYING"), (302, "RETRYING"), (404, "RETRYING"), (410, "DEAD")]
)
def test_everything_else_is_not(status: int, becomes: str) -> None:
    assert outcome(delivery(0), hook(), Answer(status=status), NOW).status == becomes
