"""The first order after a start: an account unlocks, and quotes arrive, a moment after the program is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

LOOKS_MAX = 2_000
LOOK_S = 0.02


def comes_too_early(status: int, words: str) -> bool:
    """Tell whether a refusal passes by itself: the account is still locked, or the market has not spoken yet."""
    return status == httpx.codes.CONFLICT or "no data yet" in words


def first_order(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Send an order until the account and the market are there; returns the answer that counts."""
    pause = threading.Event()
    for _ in range(LOOKS_MAX):
        answer = send()
        if not comes_too_early(answer.status_code, answer.text):
            return answer
        pause.wait(LOOK_S)
    raise AssertionError(f"no order was taken: {answer.text}")
