"""Secrets and signatures of webhooks, against the reference library."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import standardwebhooks

from workstation.api.webhooks_secrets import TOLERANCE_S, Sealer, is_signed, new_secret, signature, signed_headers
from workstation.domain.errors import InvariantError

NOW = 1_900_000_000


def test_a_signature_is_that_of_the_reference_library() -> None:
    secret, body = new_secret(), b'{"a": "\xc3\xa4"}'
    own = signature(secret, "msg_1", NOW, body)
    assert own == standardwebhooks.Webhook(secret).sign("msg_1", datetime.fromtimestamp(NOW, UTC), body.decode())


def test_the_reference_library_accepts_a_message_signed_with_two_secrets_by_either() -> None:
    old, new, body = new_secret(), new_secret(), b"{}"
    headers = signed_headers([new, old], "msg_1", int(datetime.now(UTC).timestamp()), body)
    for secret in (old, new):
        assert standardwebhooks.Webhook(secret).verify(body, headers) == {}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(new_secret()).verify(body, headers)


@pytest.mark.parametrize(("off_s", "accepted"), [(0, True), (TOLERANCE_S, True), (-TOLERANCE_S, True), (301, False)])
def test_a_clock_may_be_five_minutes_off(off_s: int, accepted: bool) -> None:
    secret = new_secret()
    given = f"v1,none {signature(secret, 'm', NOW + off_s, b'x')}"
    assert is_signed(secret, "m", str(NOW + off_s), given, body=b"x", now_s=NOW) is accepted


def test_a_changed_body_id_or_time_is_not_ours() -> None:
    secret = new_secret()
    given = signature(secret, "m", NOW, b"x")
    assert not is_signed(secret, "m", str(NOW), given, body=b"y", now_s=NOW)
    assert not is_signed(secret, "n", str(NOW), given, body=b"x", now_s=NOW)
    assert not is_signed(secret, "m", str(NOW + 1), given, body=b"x", now_s=NOW)
    assert not is_signed(secret, "m", "١٢٣", given, body=b"x", now_s=NOW)


def test_what_is_sealed_opens_with_the_same_installations_secret_alone() -> None:
    secret = new_secret()
    sealed = Sealer("one").seal(secret)
    assert secret not in sealed
    assert Sealer("one").open(sealed) == secret
    with pytest.raises(InvariantError):
        Sealer("two").open(sealed)
