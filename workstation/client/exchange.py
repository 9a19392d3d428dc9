"""One call with its repeats, as a plan without IO: it says what to do next and is told what came of it.

Repeated is only what is safe to repeat: reads, and writes under an idempotency key that the program still knows. A
write without one goes out again only when it is certain that nothing of it arrived. What may have been done and is not
known ends in `OutcomeUnknown`, never in a second try under another key or another token.
"""

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from workstation.client.errors import OutcomeUnknown, Problem, Unreachable, problem_of
from workstation.client.requests import Request

T = TypeVar("T")

ATTEMPTS_MAX = 4
FIRST_PAUSE_S = 0.1
"""Pause after the first failure; it doubles with each further one."""

RETRY_AFTER_MAX_S = 10.0
"""A program that asks for more patience than this gets its refusal passed on."""


class Send(NamedTuple):
    """Send the request; the answer is a `Reply` or `Lost`."""

    request: Request[Any]


class Wait(NamedTuple):
    """Let time pass."""

    seconds: float


class Find(NamedTuple):
    """Look again where the program listens; the answer is whether that is another place or token than before."""


class Reply(NamedTuple):
    """An answer as it came. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Lost(NamedTuple):
    """No answer. was_sent: whether anything may have arrived."""

    reason: str
    was_sent: bool


Step = Send | Wait | Find
Outcome = Reply | Lost | bool | None


def exchange(request: Request[T]) -> Generator[Step, Any, T]:
    """Plan one call; returns its result.

    Raises:
        Problem: the program refuses.
        Unreachable: nobody answers, and nothing was done.
        OutcomeUnknown: a write may have been done.
    """
    is_unsure = found_again = False
    reason = ""
    for attempt in range(ATTEMPTS_MAX):
        is_last = attempt + 1 == ATTEMPTS_MAX
        outcome: Reply | Lost = yield Send(request)
        if isinstance(outcome, Lost):
            reason = outcome.reason
            is_unsure = is_unsure or (outcome.was_sent and not request.is_safe)
            if is_unsure and not request.is_repeatable:
                break
            if not is_last:
                yield Wait(FIRST_PAUSE_S * 2**attempt)
            if not is_unsure:
                yield Find()
            continue
        if outcome.status == 401:
            if is_unsure:
                raise OutcomeUnknown("the program has started anew since this was sent", request)
            if not found_again and (found_again := (yield Find())):
                continue
        code = _code(outcome)
        is_unsure = is_unsure or (code == "ENGINE_TIMEOUT" and not request.is_safe)
        pause = _pause(outcome, code)
        if pause is None or (is_unsure and not request.is_repeatable) or is_last:
            if is_unsure and code in ("ENGINE_TIMEOUT", "IDEMPOTENT_REPLAY"):
                raise OutcomeUnknown("the program could not tell the outcome in time", request)
            return request.result(outcome.status, outcome.content)
        yield Wait(pause)
    if is_unsure:
        raise OutcomeUnknown(f"no answer came: {reason}", request)
    raise Unreachable(f"nobody answers: {reason}")


def _code(reply: Reply) -> str:
    error = problem_of(reply.status, reply.content) if reply.status in (409, 429, 503) else None
    return error.code if isinstance(error, Problem) else ""


def _pause(reply: Reply, code: str) -> float | None:
    """Return how long to wait before asking again, None when the answer is final."""
    if reply.status not in (429, 503) and code != "IDEMPOTENT_REPLAY":
        return None
    try:
        asked = msgspec.convert(reply.headers.get("retry-after"), float, strict=False)
    except msgspec.ValidationError:
        return None
    return asked if asked <= RETRY_AFTER_MAX_S else None
