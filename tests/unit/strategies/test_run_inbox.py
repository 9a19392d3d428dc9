"""A run's inbox: bounded, a waiting quote gives way to the newer one, and an order or a fill never does."""

from __future__ import annotations

from workstation.domain.executions import Execution
from workstation.domain.market import Aggressor, BookSnapshot, Quote, Trade
from workstation.domain.orders import Side
from workstation.strategies.inbox import Inbox
from workstation.strategies.messages import BookNews, FillNews, News, Stop


def quote(bid: int, symbol: str = "ABC") -> Quote:
    return Quote(symbol, bid, 1, bid + 2, 1, bid, bid)


def book(seq: int) -> BookNews:
    return BookNews(BookSnapshot("ABC", (), (), seq, seq, seq))


def trade(price: int) -> Trade:
    return Trade("ABC", price, 1, Aggressor.BUY, "", price, price)


def fill(number: int) -> FillNews:
    done = Execution(
        exec_key=str(number), exec_id=str(number), uid="u", cl_ord_id="o", order_id="V", account="SIM", symbol="ABC",
        side=Side.BUY, last_qty=1, last_px=number, fee=0, fee_currency="USD", ts_event=number, ts_init=0, venue_seq=0,
    )  # fmt: skip
    return FillNews(done, number)


def taken(inbox: Inbox) -> list[News]:
    found = []
    while len(inbox):
        found.append(inbox.take())
    return [news for news in found if news is not None]


def test_the_newest_quote_and_book_take_the_place_of_those_that_wait() -> None:
    inbox = Inbox()
    for news in (quote(1), book(1), quote(1, "XYZ"), fill(1), quote(2), book(2), fill(2), quote(3)):
        inbox.put(news)
    assert taken(inbox) == [quote(3), book(2), quote(1, "XYZ"), fill(1), fill(2)]
    inbox.put(quote(4))
    assert taken(inbox) == [quote(4)], "one that comes after is told of again"


def test_beyond_the_bound_prints_are_dropped_and_counted_and_no_fill_is() -> None:
    inbox = Inbox(most=3)
    for number in range(5):
        inbox.put(trade(number))
    for number in range(50):
        inbox.put(fill(number))
    assert inbox.dropped == 2
    assert taken(inbox) == [*map(trade, range(3)), *map(fill, range(50))]


def test_a_pause_forgets_the_market_alone_and_a_stop_overtakes_all() -> None:
    inbox = Inbox()
    for news in (quote(1), trade(1), fill(1), book(1)):
        inbox.put(news)
    inbox.clear_market()
    inbox.put_first(Stop("enough"))
    assert taken(inbox) == [Stop("enough"), fill(1)]
