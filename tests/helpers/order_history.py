"""A history of operations as someone outside the program sees it, and the check that nothing was lost or invented.

An operation is invoked, then answered `ok` (acknowledged, and durable), `fail` (refused: it must not exist) or, when
the program died before it answered, `info`: it may or may not have happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from tests.helpers.venue_truth import VenueTruth
from workstation.domain.orders import OrderState, OrdStatus


class Answer(StrEnum):
    """What the caller was told. INFO is what every operation is until it is answered."""

    INFO = "info"
    OK = "ok"
    FAIL = "fail"


class OrderHistory:
    """Answers by client order id, over every life of the program."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}

    def invoke(self, cl_ord_id: str) -> None:
        self.answers.setdefault(cl_ord_id, Answer.INFO)

    def ok(self, cl_ord_id: str) -> None:
        if self.answers.get(cl_ord_id) is not Answer.FAIL:
            self.answers[cl_ord_id] = Answer.OK

    def fail(self, cl_ord_id: str) -> None:
        self.answers[cl_ord_id] = Answer.FAIL

    def retried(self, cl_ord_id: str) -> None:
        """Take an operation that was refused, asked for again under its id, and accepted."""
        self.answers[cl_ord_id] = Answer.INFO

    def counts(self) -> Counter[str]:
        return Counter(answer.value for answer in self.answers.values())

    def violations(self, book: Mapping[str, OrderState], truth: VenueTruth) -> list[str]:
        """Return what contradicts the history. `book`: every order of ours by client order id, adopted ones too."""
        found = []
        at_venue = Counter(order.cl_ord_id for order in truth.orders.values())
        for cl_ord_id, answer in self.answers.items():
            if answer is Answer.OK and cl_ord_id not in book:
                found.append(f"lost: {cl_ord_id} was acknowledged and is not in the book")
            if answer is Answer.FAIL and cl_ord_id in at_venue:
                found.append(f"invented: {cl_ord_id} was refused and is at the venue")
        for order in truth.orders.values():
            ours = book.get(order.cl_ord_id)
            if ours is not None and ours.status is OrdStatus.REJECTED and order.status is not OrdStatus.REJECTED:
                found.append(f"disowned: {order.cl_ord_id} is REJECTED here and {order.status} at the venue")
        for cl_ord_id, count in at_venue.items():
            if count > 1:
                found.append(f"doubled: {cl_ord_id} is at the venue {count} times")
            if cl_ord_id not in self.answers and cl_ord_id not in book:
                found.append(f"invented: nobody asked for {cl_ord_id}, which is at the venue")
            if cl_ord_id not in book:
                found.append(f"lost: {cl_ord_id} is at the venue and not in the book")
        return found
