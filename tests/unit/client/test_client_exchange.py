"""What is repeated, and what is not: the plan of one call, played without a network."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from workstation.client.errors import (
    Conflict,
    Malformed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthenticated,
    Unreachable,
)
from workstation.client.exchange import ATTEMPTS_MAX, Find, Lost, Reply, Send, Step, Wait, exchange
from workstation.client.requests import build

REFUSED = Lost("refused", was_sent=False)
CUT = Lost("cut", was_sent=True)
OK = Reply(200, {}, b'{"done": true}')


def request(method: str, **params: Any) -> Any:
    return build(method, "/things", params, msgspec.json.decode)


def problem(status: int, code: str, *, after: str | None = None) -> Reply:
    headers = {} if after is None else {"retry-after": after}
    return Reply(status, headers, msgspec.json.encode({"status": status, "code": code, "trace_id": "t"}))


def play(asked: Any, *outcomes: Reply | Lost, moved: bool = False) -> tuple[Any, list[Step]]:
    """Give one outcome after the other; returns the result, or the error, and the steps taken."""
    plan, left, steps = exchange(asked), list(outcomes), []
    answer: Any = None
    try:
        while True:
            step = plan.send(answer)
            steps.append(step)
            answer = left.pop(0) if isinstance(step, Send) else (moved if isinstance(step, Find) else None)
    except StopIteration as end:
        return end.value, steps
    except (Conflict, Malformed, NotFound, OutcomeUnknown, RateLimited, Unauthenticated, Unreachable) as error:
        return error, steps


def sends(steps: list[Step]) -> list[Any]:
    return [step.request for step in steps if isinstance(step, Send)]


def test_a_read_whose_answer_is_lost_is_asked_again() -> None:
    result, steps = play(request("GET"), CUT, OK)
    assert result == {"done": True}
    assert len(sends(steps)) == 2


def test_a_write_under_a_key_is_repeated_with_the_same_key() -> None:
    result, steps = play(request("POST", name="x"), CUT, OK)
    assert result == {"done": True}
    first, second = sends(steps)
    assert first.idempotency_key == second.idempotency_key
    assert first.body == second.body == b'{"name":"x"}'


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_without_a_key_is_never_repeated_once_it_may_have_arrived(method: str) -> None:
    error, steps = play(request(method), CUT)
    assert isinstance(error, OutcomeUnknown)
    assert error.idempotency_key is None
    assert len(sends(steps)) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_never_left_is_sent_again_and_its_place_looked_up(method: str) -> None:
    result, steps = play(request(method), REFUSED, OK)
    assert result == {"done": True}
    assert [type(step) for step in steps] == [Send, Wait, Find, Send]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_where_nobody_answers_nothing_was_done(method: str) -> None:
    error, steps = play(request(method), *[REFUSED] * ATTEMPTS_MAX)
    assert isinstance(error, Unreachable)
    assert len(sends(steps)) == ATTEMPTS_MAX


def test_a_write_that_went_out_and_is_never_answered_is_unknown_not_undone() -> None:
    error, steps = play(request("POST"), CUT, *[REFUSED] * (ATTEMPTS_MAX - 1))
    assert isinstance(error, OutcomeUnknown)
    assert error.idempotency_key
    assert not any(isinstance(step, Find) for step in steps), "another token is another space of keys"


def test_a_program_that_started_anew_never_gets_an_unknown_write_twice() -> None:
    error, steps = play(request("POST"), CUT, problem(401, "UNAUTHENTICATED"), moved=True)
    assert isinstance(error, OutcomeUnknown)
    assert len(sends(steps)) == 2


def test_a_new_token_is_looked_up_once() -> None:
    result, _ = play(request("POST"), problem(401, "UNAUTHENTICATED"), OK, moved=True)
    assert result == {"done": True}
    error, steps = play(request("POST"), *[problem(401, "UNAUTHENTICATED")] * 2, moved=True)
    assert isinstance(error, Unauthenticated)
    assert len(sends(steps)) == 2
    error, steps = play(request("GET"), problem(401, "UNAUTHENTICATED"), moved=False)
    assert isinstance(error, Unauthenticated)


def test_a_limit_is_waited_out_as_long_as_it_says() -> None:
    result, steps = play(request("PUT"), problem(429, "RATE_LIMITED", after="2"), OK)
    assert result == {"done": True}
    assert Wait(2.0) in steps


@pytest.mark.parametrize("after", ["3600", None, "soon", "-x"])
def test_a_limit_that_lasts_too_long_or_says_no_time_is_passed_on(after: str | None) -> None:
    error, _ = play(request("GET"), problem(429, "RATE_LIMITED", after=after))
    assert isinstance(error, RateLimited)
    assert error.trace_id == "t"


def test_an_engine_that_was_late_is_asked_again_under_the_key() -> None:
    late = problem(503, "ENGINE_TIMEOUT", after="1")
    result, steps = play(request("POST"), late, problem(409, "IDEMPOTENT_REPLAY", after="1"), OK)
    assert result == {"done": True}
    assert len({sent.idempotency_key for sent in sends(steps)}) == 1


def test_an_engine_that_stays_late_leaves_the_outcome_unknown() -> None:
    error, _ = play(request("POST"), *[problem(503, "ENGINE_TIMEOUT", after="1")] * ATTEMPTS_MAX)
    assert isinstance(error, OutcomeUnknown)
    error, steps = play(request("PUT"), problem(503, "ENGINE_TIMEOUT", after="1"))
    assert isinstance(error, OutcomeUnknown)
    assert len(sends(steps)) == 1


def test_a_refusal_is_final() -> None:
    error, steps = play(request("POST"), problem(409, "STATE_CONFLICT"))
    assert isinstance(error, Conflict)
    assert error.code == "STATE_CONFLICT"
    error, _ = play(request("GET"), Reply(404, {}, b"<html>"))
    assert isinstance(error, Malformed)
    assert len(sends(steps)) == 1
