"""The form of a webhook: texts become values, and each field says what is wrong with it."""

from __future__ import annotations

import pytest

from workstation.domain.records import Webhook
from workstation.viewmodels.webhooks_form import BOUNDS, HookFields, HookInputs, inputs_of, read_hook

GOOD = HookInputs(name=" desk ", endpoint_url="https://a.example/x", event_types="order.*, execution.created order.*")


def test_texts_become_values() -> None:
    fields, wrong = read_hook(GOOD)
    assert wrong == {}
    assert fields == HookFields(
        name="desk",
        endpoint_url="https://a.example/x",
        event_types=("order.*", "execution.created"),
        max_retries=3,
        retry_delay_s=60,
        timeout_s=30,
    )


def test_every_field_that_is_wrong_says_so_at_once() -> None:
    typed = HookInputs(name=" ", endpoint_url="ftp://x", event_types="Order.*", max_retries="11", timeout_s="")
    fields, wrong = read_hook(typed)
    assert fields is None
    assert list(wrong) == ["name", "endpoint_url", "event_types", "max_retries", "timeout_s"]
    assert wrong["event_types"].startswith("Order.* is no event type")
    assert wrong["max_retries"] == "0 to 10."


@pytest.mark.parametrize("url", ["https://u:p@a.example/x", "https://", "a.example", "https://a b.example"])
def test_an_address_needs_a_host_and_no_user(url: str) -> None:
    assert "endpoint_url" in read_hook(HookInputs(name="a", endpoint_url=url))[1]


@pytest.mark.parametrize(("field", "bounds"), BOUNDS.items())
def test_numbers_are_good_up_to_their_bounds(field: str, bounds: tuple[int, int]) -> None:
    for number in bounds:
        typed = {"name": "a", "endpoint_url": "https://a.example", field: str(number)}
        assert read_hook(HookInputs(**typed))[1] == {}
    beyond = {"name": "a", "endpoint_url": "https://a.example", field: str(bounds[1] + 1)}
    assert list(read_hook(HookInputs(**beyond))[1]) == [field]


def test_a_webhook_is_shown_as_it_would_be_typed() -> None:
    hook = Webhook(id="h", user_id="local", name="n", endpoint_url="https://a.example", event_types=("order.*",),
                   secret="", max_retries=0, retry_delay_s=5, timeout_s=7)  # fmt: skip
    fields, wrong = read_hook(inputs_of(hook))
    assert wrong == {}
    assert fields is not None
    assert {name: getattr(fields, name) for name in fields.__struct_fields__} == {
        name: getattr(hook, name) for name in fields.__struct_fields__
    }
