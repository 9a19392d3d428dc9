"""Why an order exists: origin, quote used, rules passed, family, messages both ways, and the time each stage took.

Last stage of the order walk, looking back along all of it. Everything comes from the order and its journal lines; what
is missing is named, never made up. Sends nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from workstation.domain.events import (
    OrderCreated,
    OrderDenied,
    OrderFilled,
    OrderHandedOver,
    OrderIntended,
    ReplaceDenied,
)
from workstation.domain.events import ReplaceRequested as ChangeAsked
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OriginKind, ReferencePrice
from workstation.domain.verdicts import RuleResult
from workstation.ports.stories import OrderStory, StoryLine
from workstation.viewmodels.formats import MISSING, age, exact_time
from workstation.viewmodels.origins import detail_words
from workstation.viewmodels.preview import PREVIEW_KEY, VERSIONS_KEY, order_words
from workstation.viewmodels.provenance_messages import direction, message_words

REDACTED = "redacted"
SECRET_FACTS = frozenset({"Account", "User", "Token", "Client"})
"""Facts that an export leaves out where it is redacted: they name a person, a credential or an account."""

_ORIGIN_WORDS: Mapping[OriginKind, str] = {
    OriginKind.TICKET: "by hand, in the ticket",
    OriginKind.HOTKEY: "by hand, with a key",
    OriginKind.LADDER: "by hand, in the ladder",
    OriginKind.CHART: "by hand, on the chart",
    OriginKind.BLOTTER: "by hand, in the blotter",
    OriginKind.POSITIONS: "by hand, in the positions",
    OriginKind.PALETTE: "by hand, from the palette",
    OriginKind.REST: "by a script over REST",
    OriginKind.STRATEGY: "by a strategy",
    OriginKind.COMMAND_LINE: "from the command line",
    OriginKind.SYSTEM: "by the program itself",
    OriginKind.EXTERNAL: "foreign: entered elsewhere, seen first at the time below",
}
CODE_DIGITS = 16
_CODE_KEYS = frozenset({"strategy", "version", "code"})
_VERSION_WORDS = {
    "program": "in force as it went out",
    "settings": "SHA-256 of every value in force, first digits",
    "layout": "SHA-256 of the layout that was loaded last, first digits",
    "keys": "SHA-256 of the key file in force, first digits",
}
_DETAIL_NAMES = {
    OriginKind.HOTKEY: "Key",
    OriginKind.LADDER: "Row",
    OriginKind.CHART: "Gesture",
    OriginKind.REST: "Token",
    OriginKind.STRATEGY: "Strategy",
    OriginKind.EXTERNAL: "Client",
}


class Fact(msgspec.Struct, frozen=True):
    """One line of the page. note: what stands beside the value; level: good, warning, bad; order: one to jump to."""

    name: str
    value: str
    note: str = ""
    level: str = ""
    order: str = ""


class Section(msgspec.Struct, frozen=True):
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]


class Provenance(msgspec.Struct, frozen=True):
    """The page of one order. then: the screen at the moment of each decision, which stands beside the page."""

    cl_ord_id: str
    title: str
    sections: tuple[Section, ...]
    then: tuple[Section, ...] = ()


def provenance_of(
    story: OrderStory,
    instrument: Instrument,
    orders: Mapping[str, OrderState],
    *,
    version: str,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Provenance:
    """Return the page of an order. orders: those on the screen, for its family; version: of this program.

    names: of scripts' keys, strategies and runs by id.
    """
    order, lines = story.order, story.lines
    sections = (
        Section("Origin", tuple(_origin(order, lines, instrument, names))),
        Section("Quote used", tuple(_reference(order.reference, instrument))),
        Section("Rules", tuple(_rules(lines))),
        Section("Family", tuple(_family(order, orders.values(), instrument))),
        Section("Messages", tuple(_messages(lines, instrument))),
        Section("Versions", tuple(_versions(order, version))),
        Section("Timeline", tuple(_timeline(order, lines))),
        Section("Record", tuple(_record(story))),
    )
    return Provenance(order.cl_ord_id, order_words(order.terms, instrument), sections)


def as_text(page: Provenance) -> str:
    """Return a page as plain text, with the screen at the moment of each decision below."""
    lines = [f"{page.title}  ({page.cl_ord_id})"]
    titled = [(section.title, section) for section in page.sections]
    for title, section in [*titled, *((f"Screen then, {section.title}", section) for section in page.then)]:
        lines += ["", title]
        lines += ["  " + "  ".join(part for part in (f.name, f.value, f.note) if part) for f in section.facts]
    return "\n".join(lines)


def as_json(page: Provenance, *, redact: bool = True) -> str:
    """Return a page as indented JSON; redacted, it names no account, person or credential."""
    facts = [fact for section in (*page.sections, *page.then) for fact in section.facts]
    told = {text for f in facts if redact and f.name in SECRET_FACTS for text in (f.value, f.note) if text}
    secrets = sorted(told, key=len, reverse=True)

    def plain(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, REDACTED)
        return text

    sections, then = (
        [(section.title, [_plain(fact, plain) for fact in section.facts]) for section in part]
        for part in (page.sections, page.then)
    )
    whole = {
        "order": page.cl_ord_id,
        "terms": plain(page.title),
        "redacted": redact,
        "sections": dict(sections),
        "screen_then": [{"decision": title, "facts": facts} for title, facts in then],
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


def _plain(fact: Fact, plain: Callable[[str], str]) -> dict[str, str]:
    shown = {"name": fact.name, "value": plain(fact.value), "note": plain(fact.note)}
    return {key: text for key, text in shown.items() if text}


def _origin(
    order: OrderState, lines: Sequence[StoryLine], instrument: Instrument, names: Mapping[str, str]
) -> Iterator[Fact]:
    origin = order.origin
    yield Fact("Came", _ORIGIN_WORDS[origin.kind])
    if origin.detail:
        named = detail_words(origin, names)
        yield Fact(_DETAIL_NAMES.get(origin.kind, "Detail"), named, "" if named == origin.detail else origin.detail)
    if order.strategy_id and order.strategy_id != origin.detail:
        named = names.get(order.strategy_id, order.strategy_id)
        yield Fact("Strategy", named, "" if named == order.strategy_id else order.strategy_id)
    yield from _owner(lines)
    yield Fact("User", origin.user)
    yield Fact("Account", order.terms.account)
    pressed = gesture_at(order, lines)
    if pressed is not None:
        yield Fact("Pressed", exact_time(pressed), "the key or click itself")
    preview = order.metadata.get(PREVIEW_KEY, "")
    if preview:
        yield Fact("Shown before", preview, "the words on screen as it went out")
    asked = next((line.event.command.terms for line in lines if isinstance(line.event, OrderCreated)), order.terms)
    yield Fact("Asked", order_words(asked, instrument))
    if order.notes:
        yield Fact("Notes", order.notes)
    for name, value in sorted(order.metadata.items()):
        if name not in (PREVIEW_KEY, VERSIONS_KEY, *_code_keys(order)):
            yield Fact(name, value)


def _owner(lines: Sequence[StoryLine]) -> Iterator[Fact]:
    """Say who took the order over from its strategy and how, and who gave it back, each time that it was done."""
    for line in lines:
        event = line.event
        if isinstance(event, OrderHandedOver):
            name = "Taken over" if event.owner else "Given back"
            by = f"{event.origin.user}, {_ORIGIN_WORDS[event.origin.kind]}"
            leaves = "its run leaves it alone" if event.owner else "its run has it again"
            yield Fact(name, f"{exact_time(event.ts)[11:19]} by {by}", leaves, "warning" if event.owner else "")


def gesture_at(order: OrderState, lines: Sequence[StoryLine]) -> int | None:
    """Return when the key or click was, UTC ns, from the monotonic time that the gesture kept; None for no gesture."""
    created = next((line for line in lines if isinstance(line.event, OrderCreated)), None)
    if created is None or not order.origin.ts_gesture:
        return None
    return created.ts_wall - (created.ts_mono - order.origin.ts_gesture)


def _reference(quote: ReferencePrice | None, instrument: Instrument) -> Iterator[Fact]:
    if quote is None:
        yield Fact("Quote", MISSING, "none was used: refused before pricing, held, or entered elsewhere")
        return
    for name, price in (("Bid", quote.bid), ("Ask", quote.ask), ("Last", quote.last)):
        yield Fact(name, MISSING if price is None else instrument.price_text(price))
    state = "fresh" if quote.fresh else "not fresh"
    yield Fact("Age", age(quote.age_ms * 1_000_000), " ".join(filter(None, (state, quote.reason))),
               "good" if quote.fresh else "warning")  # fmt: skip


def _rules(lines: Iterable[StoryLine]) -> Iterator[Fact]:
    found = False
    for line in lines:
        event = line.event
        verdict = event.verdict if isinstance(event, OrderIntended | ChangeAsked) else None
        if verdict is not None:
            found = True
            change = " of the change" if isinstance(event, ChangeAsked) else ""
            yield Fact("Class", verdict.risk_class.value, f"decided by the gate{change}")
            yield from (_rule(result) for result in verdict.results)
        elif isinstance(event, OrderDenied | ReplaceDenied):
            found = True
            yield _rule(event.rule)
    if not found:
        yield Fact("Rules", MISSING, "no verdict is recorded")


def _rule(rule: RuleResult) -> Fact:
    outcome = "passed" if rule.passed else "refused"
    beside = [f"limit {rule.limit}" if rule.limit else "", f"headroom {rule.headroom}" if rule.headroom else ""]
    text = "" if rule.passed else rule.text
    note = ", ".join(part for part in (*beside, text) if part)
    return Fact(rule.code, f"{outcome} {rule.value}".rstrip(), note, "good" if rule.passed else "bad")


def _family(order: OrderState, orders: Iterable[OrderState], instrument: Instrument) -> Iterator[Fact]:
    link, alone = order.link, True
    if link is not None and link.parent:
        alone = False
        yield Fact("Parent", link.parent, f"{link.contingency.value} {link.role.value}", order=link.parent)
    for other in orders:
        if other.cl_ord_id == order.cl_ord_id or other.link is None:
            continue
        mine = other.link.parent == order.cl_ord_id
        if mine or (link is not None and other.link.group_id == link.group_id and other.cl_ord_id != link.parent):
            alone = False
            words = order_words(other.terms, instrument)
            yield Fact("Child" if mine else "Sibling", other.cl_ord_id, words, order=other.cl_ord_id)
    for name, cl_ord_id in (("Replaces", order.replaces), ("Replaced by", order.replaced_by)):
        if cl_ord_id:
            alone = False
            yield Fact(name, cl_ord_id, order=cl_ord_id)
    if alone:
        yield Fact("Family", "stands alone")


def _messages(lines: Iterable[StoryLine], instrument: Instrument) -> Iterator[Fact]:
    for line in lines:
        event = line.event
        bad = type(event).__name__.endswith(("Denied", "Rejected")) or type(event).__name__ == "OutcomeUnknown"
        note = f"{message_words(event, instrument)}  · {line.actor}"
        yield Fact(_clock(getattr(event, "ts", line.ts_wall)), direction(event), note, "bad" if bad else "")


def _timeline(order: OrderState, lines: Sequence[StoryLine]) -> Iterator[Fact]:
    """Yield each stage with the time since the one before and since the first."""
    fills = [line.event.ts for line in lines if isinstance(line.event, OrderFilled)]
    stages = (
        ("Key or click", gesture_at(order, lines)),
        ("Order created", order.created_at),
        ("Gate decided", order.ts_intent),
        ("Journal durable", order.ts_durable),
        ("Sent to the venue", order.ts_sent),
        ("Acknowledged", order.ts_acked),
        ("First fill", fills[0] if fills else None),
        ("Last fill", fills[-1] if len(fills) > 1 else None),
        ("Ended", order.updated_at if not order.is_open else None),
    )
    first = before = 0
    for name, ts in stages:
        if not ts:
            continue
        first, step = first or ts, ts - (before or ts)
        yield Fact(name, _clock(ts), f"+{_ms(step)}, {_ms(ts - first)} in all" if before else "")
        before = ts


def _versions(order: OrderState, version: str) -> Iterator[Fact]:
    """Yield what was in force as the order went out: noted with the order itself, so that no later change alters it."""
    noted = [part.split(" ", 1) for part in order.metadata.get(VERSIONS_KEY, "").split(", ") if " " in part]
    yield from (Fact(name.capitalize(), value, _VERSION_WORDS.get(name, "")) for name, value in noted)
    if _code_keys(order):
        yield Fact("Strategy code", order.metadata["code"][:CODE_DIGITS], "SHA-256 of the file that ran, first digits")
        if order.metadata["version"]:
            yield Fact("Strategy version", order.metadata["version"], order.metadata["strategy"])
    if not noted and not _code_keys(order):
        yield Fact("Versions", MISSING, "none were noted: the order came by another door than a screen or a strategy")
    yield Fact("This page", f"program {version}", "what shows it now")


def _code_keys(order: OrderState) -> tuple[str, ...]:
    """Return the names under which a strategy's order keeps its code, nothing for any other order."""
    kept = order.origin.kind is OriginKind.STRATEGY and order.metadata.keys() >= _CODE_KEYS
    return tuple(_CODE_KEYS) if kept else ()


def _record(story: OrderStory) -> Iterator[Fact]:
    order, lines = story.order, story.lines
    yield Fact("State", order.status.value, order.text, "bad" if order.reject_code else "")
    yield Fact("Venue's id", order.order_id or MISSING)
    yield Fact("Version", str(order.version), "of the order")
    if lines:
        yield Fact("Journal lines", f"{lines[0].seq:,} to {lines[-1].seq:,}", f"{len(lines)} of this order")
        epochs = sorted({line.epoch for line in lines})
        yield Fact("Runs", ", ".join(map(str, epochs)), "starts of the program that wrote them")
    if story.gap:
        yield Fact("Gap", story.gap, level="warning")


def _clock(ts: int) -> str:
    """Return UTC time of day to the microsecond."""
    return exact_time(ts)[11:26]


def _ms(ns: int) -> str:
    return f"{ns / 1e6:,.3f} ms".replace("-", "−")
