"""The screen at the moment of each decision about an order: quote, book, position, other orders, day and limits.

Last stage of the order walk, looking back. All of it was journaled with the decision itself; what was not kept is
named, never worked out afterwards. Sends nothing.
"""

from collections.abc import Iterator

from workstation.domain.decisions import Seen
from workstation.domain.events import OrderDenied, OrderIntended, ReplaceRequested
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, ReferencePrice
from workstation.domain.verdicts import RuleResult
from workstation.ports.stories import OrderStory
from workstation.viewmodels.formats import MISSING, age, exact_time, money
from workstation.viewmodels.provenance import Fact, Section

_WHAT = {OrderIntended: "as it was placed", ReplaceRequested: "as it was changed", OrderDenied: "as it was refused"}
NOT_KEPT = Fact("Screen", MISSING, "was not kept: the decision was made elsewhere, or before the program kept it")


def screens_then(story: OrderStory, instrument: Instrument) -> tuple[Section, ...]:
    """Return one section for each decision, oldest first; one that says so where none was kept."""
    found = []
    for line in story.lines:
        event = line.event
        if isinstance(event, OrderIntended | ReplaceRequested | OrderDenied) and event.seen is not None:
            at = exact_time(event.ts)[11:23]
            facts = tuple(_facts(story.order, event, event.seen, instrument))
            found.append(Section(f"{at} UTC, {_WHAT[type(event)]}", facts))
    return tuple(found) or (Section("At the decision", (NOT_KEPT,)),)


def _facts(
    order: OrderState, event: OrderIntended | ReplaceRequested | OrderDenied, seen: Seen, instrument: Instrument
) -> Iterator[Fact]:
    reference = event.reference if isinstance(event, OrderIntended) else None
    if reference is not None:
        yield _quote(reference, instrument)
    yield Fact("Market", seen.phase.value.lower(), "" if seen.has_depth else "no depth: the quote alone")
    own = event.terms.price if isinstance(event, ReplaceRequested) else order.terms.price
    yield from _book(seen, instrument, own)
    yield Fact("Position", instrument.qty_text(seen.position).replace("-", "−"), "in the account, + long")
    others = f"buys {instrument.qty_text(seen.buying)}, sells {instrument.qty_text(seen.selling)}"
    yield Fact("Other orders", others, "working then, at their worst case")
    day = MISSING if seen.day_net is None else money(seen.day_net, signed=True)
    yield Fact("Day", day, "after fees, the account's" if seen.day_net is not None else "something was unpriced")
    verdict = event.verdict if not isinstance(event, OrderDenied) else None
    for rule in (event.rule,) if isinstance(event, OrderDenied) else () if verdict is None else verdict.results:
        if rule.limit or not rule.passed:
            yield _limit(rule)


def _quote(reference: ReferencePrice, instrument: Instrument) -> Fact:
    def text(price: int | None) -> str:
        return MISSING if price is None else instrument.price_text(price)

    sides = f"{text(reference.bid)} / {text(reference.ask)}, last {text(reference.last)}"
    old = f"{age(reference.age_ms * 1_000_000)} old" + ("" if reference.fresh else f", {reference.reason or 'stale'}")
    return Fact("Bid / ask", sides, old, "" if reference.fresh else "warning")


def _book(seen: Seen, instrument: Instrument, own: int | None) -> Iterator[Fact]:
    """Yield the levels as a ladder shows them: asks from far to near, then bids from near to far."""
    for name, levels in (("Ask", tuple(reversed(seen.asks))), ("Bid", seen.bids)):
        for level in levels:
            mark = "the order's own price" if level.price == own else ""
            words = f"{instrument.price_text(level.price)} × {instrument.qty_text(level.size)}"
            yield Fact(name, words, mark, "good" if mark else "")
    if not seen.bids and not seen.asks:
        yield Fact("Book", MISSING, "there was no price", "warning")


def _limit(rule: RuleResult) -> Fact:
    beside = f"limit {rule.limit}" if rule.limit else ""
    room = f"headroom {rule.headroom}" if rule.headroom else ""
    return Fact(rule.code, rule.value or ("passed" if rule.passed else "refused"),
                ", ".join(filter(None, (beside, room))), "" if rule.passed else "bad")  # fmt: skip
