"""Fills a ticket's form from the presets, and says on hover which layer a value came from.

What a person typed stays: presets fill at another instrument and after Esc, and the quantity follows its rule until
one is typed. The ticket's own layer lives in the layout file. It reads positions and sends nothing.
"""

from collections.abc import Mapping

from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.ticket_form import TicketForm
from workstation.desktop.panels.ticket_presets_popup import PresetsPopup
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.domain.instruments import Instrument
from workstation.viewmodels.ticket import LEGS
from workstation.viewmodels.ticket_presets import FIELDS, TICKET, Preset, Presets, problem, ruled_quantity, value

_KEY = "preset."
_TYPED = "typed in this ticket"


class TicketPresets:
    """The presets of one ticket."""

    def __init__(self, context: DesktopContext, form: TicketForm) -> None:
        self._context, self._form = context, form
        self._own = Preset()
        self._symbol = ""
        context.presets.changed.connect(self.changed)

    def release(self) -> None:
        """Hear no more of changed presets."""
        self._context.presets.changed.disconnect(self.changed)

    @property
    def presets(self) -> Presets:
        """Every layer's values, this ticket's own among them."""
        return {**self._context.presets.presets, TICKET: self._own}

    def start(self, symbol: str) -> None:
        """Fill the form afresh for an instrument."""
        self._symbol = symbol
        instrument = self._instrument
        for field, choose in (("ord_type", self._form.choose_type), ("tif", self._form.choose_tif)):
            text = value(self.presets, instrument, field).text
            if text:
                choose(text)
        self._form.show_instrument(self._context.instrument(symbol), self._ruled()[0], self._legs())
        self.follow()

    def clear(self) -> None:
        """Empty the prices; legs and the rule's quantity come back."""
        self._form.clear(self._legs())
        self.follow()

    def follow(self) -> None:
        """Let the quantity follow side and position while nobody typed one, and say where values come from."""
        if not self._symbol:
            return
        text, word, why = self._ruled()
        typed = "qty" in self._form.typed
        if not typed and not self._form.is_pressed and self._form.fields["qty"].text() != text:
            self._form.fill("qty", text)
        self._form.explain({**self._sources(), "qty": f"Quantity: {_TYPED}" if typed else why})
        self._form.name_quantity("Quantity" if typed else word)

    def open(self, panel: Panel) -> PresetsPopup:
        """Show the presets below their button; the popup deletes itself when closed."""
        popup = PresetsPopup(panel, self._instrument, lambda: self.presets, self._keep)
        popup.open_under(self._form.more)
        return popup

    def save(self) -> PanelSettings:
        """Return what the layout file keeps of this ticket's layer."""
        return {f"{_KEY}{name}": text for name in FIELDS if (text := getattr(self._own, name))}

    def restore(self, settings: Mapping[str, object]) -> None:
        """Take the ticket's layer back; what is none of a preset is left out."""
        found = {name: settings.get(f"{_KEY}{name}") for name in FIELDS}
        self._own = Preset(**{n: text for n, text in found.items() if isinstance(text, str) and not problem(n, text)})
        if self._symbol:
            self.start(self._symbol)

    @property
    def _instrument(self) -> Instrument | None:
        return self._context.instrument(self._symbol) if self._symbol else None

    def _keep(self, scope: str, field: str, text: str) -> str:
        if scope != TICKET:
            return self._context.presets.set(scope, field, text)
        kept = {name: getattr(self._own, name) for name in FIELDS}
        self._own = Preset(**{**kept, field: text})
        self.changed(field)
        return ""

    def changed(self, field: str = "") -> None:
        """Show presets that changed: the value of `field`, or every value that nobody typed."""
        for name in (field,) if field else FIELDS:
            text = value(self.presets, self._instrument, name).text
            if name == "ord_type" and text:
                self._form.choose_type(text)
            elif name == "tif" and text:
                self._form.choose_tif(text)
            elif name in LEGS and name not in self._form.typed:
                self._form.fill(name, text)
        self.follow()

    def _legs(self) -> dict[str, str]:
        return {name: value(self.presets, self._instrument, name).text for name in LEGS}

    def _ruled(self) -> tuple[str, str, str]:
        held = self._context.state.position(self._context.focus.account, self._symbol)
        ruled = ruled_quantity(
            self.presets,
            self._context.instrument(self._symbol),
            self._form.side.side,
            0 if held is None else held.position.qty,
            self._context.sizes.size,
        )
        return ruled.text, ruled.word, ruled.why

    def _sources(self) -> dict[str, str]:
        """Return per field where its value comes from."""
        said = {}
        for name, word, now in (
            ("ord_type", "Order type", self._form.ord_type.value),
            ("tif", "Time in force", self._form.tif_chosen.value),
            *(
                (leg, word, self._form.fields[leg].text())
                for leg, word in zip(LEGS, ("Stop-loss", "Target"), strict=True)
            ),
        ):
            found = value(self.presets, self._instrument, name)
            if now and found.text == now and name not in self._form.typed:
                said[name] = f"{word} {now}: preset of {found.layer}"
            elif now:
                said[name] = f"{word}: {_TYPED}" if name in LEGS else f"{word}: chosen in this ticket"
        return said
