"""How a ticket's fields are moved by hand: steps of tick and lot, prices copied once, and the peg as a mode in view.

First stage of an order by hand, before it is read. While a price is pegged it follows the quote and a step moves its
offset; typing, or copying a price, ends the peg. It sends nothing.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject

from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.ticket_fields import QuoteButton, set_role
from workstation.desktop.panels.ticket_form import TicketForm
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument
from workstation.viewmodels.formats import MISSING
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.ladder_amend import nudged
from workstation.viewmodels.ticket import FIELDS, LEGS
from workstation.viewmodels.ticket_fields import parse_price, parse_quantity
from workstation.viewmodels.ticket_legs import stepped_ticks
from workstation.viewmodels.ticket_outlook import age_text
from workstation.viewmodels.ticket_peg import Peg, PegTo

_DISTANCES = ("trail", *LEGS)


class TicketPricing(QObject):
    """Prices and quantities of one ticket's form. symbol: the instrument of now, "" for none."""

    def __init__(
        self,
        context: DesktopContext,
        form: TicketForm,
        quotes: dict[str, QuoteButton],
        symbol: Callable[[], str],
    ) -> None:
        super().__init__(form)
        self.setObjectName("ticket_pricing")
        self._context, self._form, self._quotes, self._symbol = context, form, quotes, symbol
        self.peg = Peg()
        form.stepped.connect(self.step)
        form.peg.currentIndexChanged.connect(lambda _index: self._choose(PegTo(form.peg.currentData())))
        form.fields["price"].textEdited.connect(lambda _text: self.end_peg())
        for name, button in quotes.items():
            button.clicked.connect(lambda _checked=False, name=name: self.copy(name))

    def follow(self) -> None:
        """Let a pegged price follow the quote, except under a pressed mouse button."""
        if not self.peg.is_on or self._form.is_pressed or not self._symbol():
            return
        price = self.peg.price(self._quote, self._instrument, self._form.side.side)
        self._form.fields["price"].setText("" if price is None else self._instrument.price_text(price))

    def show_quotes(self) -> None:
        """Show bid, last and ask; stale ones with their age."""
        quote, instrument = self._quote, self._instrument
        stale = quote is not None and quote.freshness != "FRESH"
        for name, button in self._quotes.items():
            price = None if quote is None else getattr(quote, name)
            size = 0 if quote is None else getattr(quote, f"{name}_size")
            text = MISSING if price is None else instrument.price_text(price)
            caption = name if quote is None else f"{name} {instrument.qty_text(size)}" if size else name
            if stale and quote is not None:
                caption = f"{name} · {age_text(quote.age_ms)}"
            button.show_price(price, text, caption, stale=stale)

    def end_peg(self) -> None:
        """Leave the price where it is; it follows nothing from now on."""
        if self.peg.is_on:
            self._form.peg.setCurrentIndex(self._form.peg.findData(PegTo.FIXED))

    def copy(self, name: str) -> None:
        """Copy a quoted price into the field that the type prices by, once."""
        price, used = self._quotes[name].price, FIELDS[self._form.ord_type]
        field = "price" if "price" in used else "stop" if "stop" in used else ""
        if price is not None and field:
            self.end_peg()
            self._form.set_text(field, self._instrument.price_text(price))

    def step(self, field: str, steps: int) -> None:
        """Step a field by lots or ticks, or a peg's offset; an empty price starts at the market."""
        if not self._symbol() or field == "expire":
            return
        if field == "price" and self.peg.is_on:
            self._take(self.peg.moved(steps))
            return
        instrument, text = self._instrument, self._form.fields[field].text()
        distance = stepped_ticks(text, steps) if field in _DISTANCES else ""
        if distance:
            self._form.set_text(field, distance)
            return
        try:
            if field in ("qty", "display"):
                qty = max(parse_quantity(text or "0", instrument) + steps * instrument.lot, 0)
                self._form.set_text(field, instrument.qty_text(qty))
                return
            price = parse_price(text, instrument) if text else self._start_price()
        except UserError:
            return
        if field == "trail" and price is not None:
            tick = instrument.tick_at(self._start_price() or instrument.ticks[-1].from_price)
            self._form.set_text(field, instrument.price_text(max(price + steps * tick, tick)))
        elif price is not None:
            self._form.set_text(field, instrument.price_text(nudged(price, steps, instrument) if text else price))

    def _choose(self, to: PegTo) -> None:
        if to is not self.peg.to:
            self._take(Peg(to))

    def _take(self, peg: Peg) -> None:
        self.peg = peg
        field = self._form.fields["price"]
        set_role(field, "pegged", "true" if peg.is_on else "false")
        self._form.name_price(f"= {peg.words}" if peg.is_on else "Limit")
        self.follow()
        self._form.edited.emit()

    @property
    def _quote(self) -> QuoteSnap | None:
        return self._context.state.quotes.get(self._symbol())

    @property
    def _instrument(self) -> Instrument:
        return self._context.instrument(self._symbol())

    def _start_price(self) -> int | None:
        quote = self._quote
        if quote is None:
            return None
        return quote.bid if self._form.side.side.sign > 0 else quote.ask
