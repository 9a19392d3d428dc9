"""Streams held for subscriptions, and what is on offer, as records are saved."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.helpers.market import T0, instrument
from workstation.domain.events import RecordSaved
from workstation.domain.listing import entry_of, instrument_of
from workstation.domain.market import StreamKind
from workstation.domain.records import InstrumentEntry, MarketSubscription
from workstation.domain.records.market import DataType, DeliveryMethod, SubscriptionStatus, UpdateFrequency
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.held_streams import HeldStreams
from workstation.marketdata.listings import Listings
from workstation.marketdata.service import MarketData

LEVEL_1 = [("ABC", StreamKind.QUOTES), ("ABC", StreamKind.TRADES)]


@pytest.fixture
def market() -> MarketData:
    return MarketData(VirtualClock(T0), {"ABC": instrument()}, on_fault=lambda *_: None)


def saved(record: Any) -> RecordSaved:
    return RecordSaved(record=record, changed=(), actor="test", ts=T0)


def wish(*kinds: DataType, symbols: tuple[str, ...] = ("ABC",), **fields: Any) -> MarketSubscription:
    plain = MarketSubscription(
        id="s",
        user_id="local",
        instrument_symbols=symbols,
        data_types=kinds,
        update_frequency=UpdateFrequency.REALTIME,
        delivery_method=DeliveryMethod.SSE,
    )
    return msgspec.structs.replace(plain, **fields)


def test_an_active_subscription_holds_its_streams_until_it_is_not(market: MarketData) -> None:
    held = HeldStreams(market)
    held.begin([wish(DataType.LEVEL_1)])
    assert sorted(market.subscriptions.active()) == LEVEL_1
    held.on_saved(saved(wish(DataType.LEVEL_1, DataType.LEVEL_2)))
    assert sorted(market.subscriptions.active()) == sorted([*LEVEL_1, ("ABC", StreamKind.DEPTH)])
    for ended in ({"status": SubscriptionStatus.PAUSED}, {"deleted_at": T0}):
        held.on_saved(saved(wish(DataType.LEVEL_1)))
        held.on_saved(saved(wish(DataType.LEVEL_1, **ended)))
        assert market.subscriptions.active() == ()


def test_what_the_feed_does_not_know_or_carry_is_passed_over(market: MarketData) -> None:
    held = HeldStreams(market)
    held.on_saved(saved(wish(DataType.LEVEL_1, DataType.NEWS, symbols=("ABC", "GONE"))))
    assert sorted(market.subscriptions.active()) == LEVEL_1


def test_offered_instruments_follow_their_entries() -> None:
    listed, changed = instrument(), []
    known = {"ABC": listed}
    listings = Listings([listed], known, changed.append)
    own = InstrumentEntry(symbol="NEW", name="New", instrument_type="STOCK", exchange="NYSE")
    known["NEW"] = instrument_of(own, None)
    listings.begin([own])
    assert set(listings.offered) == {"ABC", "NEW"}
    quiet = msgspec.structs.replace(entry_of(listed), is_tradable=False)
    known["ABC"] = instrument_of(quiet, listed)
    listings.on_saved(saved(quiet))
    assert not listings.offered["ABC"].tradable
    listings.on_saved(saved(msgspec.structs.replace(own, deleted_at=T0)))
    assert set(listings.offered) == {"ABC"}
    assert changed == ["NEW", "ABC", "NEW"]
