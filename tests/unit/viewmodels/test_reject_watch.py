"""Which rejects nobody has seen: each counts once until it is acknowledged, also after a restart."""

from __future__ import annotations

from tests.helpers.desktop_rig import SECOND, START_NS, order
from workstation.domain.orders import OrderState, OrdStatus
from workstation.viewmodels.rejects import RejectWatch


def refused(cl_ord_id: str, seconds: int = 0, **changes: int) -> OrderState:
    return order(cl_ord_id, state=OrdStatus.REJECTED, updated_at=START_NS + seconds * SECOND, **changes)


def test_a_refusal_counts_once_until_it_is_acknowledged() -> None:
    watch, told = RejectWatch(), []
    watch.listen(told.extend)
    watch.take(order("OMS-1"), None)
    watch.take(refused("OMS-1"), order("OMS-1"))
    assert list(watch.unseen) == ["OMS-1"]
    watch.acknowledge()
    assert (list(watch.unseen), [row.cl_ord_id for row in told]) == ([], ["OMS-1"])
    watch.take(refused("OMS-1", 5, version=2), refused("OMS-1"))
    assert not watch.unseen, "the same refusal told again, with a note, is not a new one"


def test_after_a_restart_only_what_was_refused_later_is_new() -> None:
    before = RejectWatch()
    before.take(refused("OMS-1", 1), None)
    before.acknowledge()
    watch = RejectWatch(before.seen_until)
    watch.take(refused("OMS-1", 1), None)
    watch.take(refused("OMS-2", 2), None)
    assert list(watch.unseen) == ["OMS-2"]
