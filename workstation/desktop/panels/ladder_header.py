"""What a trading panel trades: symbol box, full contract, account and environment. Stands beside the link chip.

The symbol box is the one that Ctrl+L finds. A symbol that is not known keeps the typed text, marks the field and names
the nearest known ones; nothing is guessed.
"""

import difflib

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from workstation.desktop.fonts import Weight
from workstation.desktop.shell.panel import Panel
from workstation.desktop.theme import theme_notifier, use_figure_font
from workstation.domain.accounts import Environment
from workstation.viewmodels.account_marks import mark_of
from workstation.viewmodels.watchlist_search import of_isin

SYMBOL_WIDTH, SYMBOL_WIDTH_MIN = 92, 64
"""Width of the symbol box, and what it keeps where the account needs the room."""
SYMBOL_LEAST = "AAPL"
"""What it shows whole at any size of text."""
NEAREST_SHOWN = 3
GAP_PX = 6


class SymbolBox(QLineEdit):
    """Takes a symbol; Enter chooses it, Esc puts the shown one back."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._panel = panel
        self.setObjectName(f"{panel.panel_id}_symbol")
        self.setProperty("role", "symbol")
        self.setAccessibleName(f"{panel.title} instrument")
        self.setPlaceholderText("Symbol")
        self.setToolTip("Type a symbol or an ISIN and press Enter. Ctrl+L comes here.")
        self.setMinimumWidth(SYMBOL_WIDTH_MIN)
        self.setMaximumWidth(SYMBOL_WIDTH)
        use_figure_font(self, "emphasis", Weight.DemiBold)
        completer = QCompleter(sorted(panel.context.bridge.session.instruments), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self.returnPressed.connect(self._choose)
        self.textEdited.connect(lambda _text: self._mark(wrong=False))

    def show_symbol(self, symbol: str) -> None:
        """Show the panel's instrument."""
        self.setText(symbol)
        self.setCursorPosition(0)
        self._mark(wrong=False)

    def _choose(self) -> None:
        known = {name.upper(): name for name in self._panel.context.bridge.session.instruments}
        wanted = self.text().strip().upper()
        named = of_isin(self._panel.context.bridge.session.instruments, wanted)
        wanted = named[0].upper() if len(named) == 1 else wanted
        if wanted in known:
            self._panel.choose_symbol(known[wanted])
            self.show_symbol(known[wanted])
            self._panel.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._mark(wrong=True)
        near = [name.upper() for name in named[:NEAREST_SHOWN]]
        near = near or difflib.get_close_matches(wanted, list(known), n=NEAREST_SHOWN, cutoff=0.4)
        hint = f" Nearest: {', '.join(known[name] for name in near)}." if near else ""
        self._panel.context.announcer.say("warning", f"No instrument {self.text().strip()!r}.{hint}")

    def _mark(self, *, wrong: bool) -> None:
        self.setProperty("invalid", "true" if wrong else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Put the shown instrument back on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.show_symbol(self._panel.symbol)
            self._panel.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        super().keyPressEvent(event)


class AccountChip(QLabel):
    """An account by name, elided in its middle where there is no room: its end tells accounts apart."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._words, self._whole = "", QSize()

    def show_words(self, words: str) -> None:
        """Show an account; to be called again with another font."""
        self._words = words
        self.setText(words)
        self._whole = super().sizeHint()
        self._elide()

    def _elide(self) -> None:
        face = self.fontMetrics()
        room = face.horizontalAdvance(self._words) + min(self.width() - self._whole.width(), 0)
        self.setText(face.elidedText(self._words, Qt.TextElideMode.ElideMiddle, room))

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return the size at which it is whole."""
        return self._whole

    def minimumSizeHint(self) -> QSize:
        """Return the size at which only its ends are left."""
        return QSize(self._whole.width() // 2, self._whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the name again."""
        super().resizeEvent(event)
        self._elide()


class InstrumentHeader(QWidget):
    """Symbol box, contract name and the account in the colour of its environment."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._panel = panel
        self.setObjectName(f"{panel.panel_id}_header")
        self.symbol = SymbolBox(panel)
        self._contract = QLabel()
        self._contract.setObjectName(f"{panel.panel_id}_contract")
        self._contract.setProperty("role", "muted")
        self._contract.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._account = AccountChip(f"{panel.panel_id}_account")
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self.symbol)
        row.addWidget(self._contract, 1)
        row.addWidget(self._account)
        self._full = ""
        panel.until_released(panel.context.focus.listen(self._show_account))
        theme_notifier().changed.connect(self._show_account)
        self._show_account()

    def show_symbol(self, symbol: str) -> None:
        """Name the contract in full."""
        self.symbol.show_symbol(symbol)
        instrument = self._panel.context.instrument(symbol)
        parts = [instrument.name or symbol, instrument.exchange, instrument.currency]
        self._full = " · ".join(part for part in parts if part)
        quote = self._panel.context.state.quotes.get(symbol)
        near = quote.last if quote is not None and quote.last is not None else instrument.ticks[-1].from_price
        tick = instrument.price_text(instrument.tick_at(near))
        lot = instrument.qty_text(instrument.lot)
        self._contract.setToolTip(f"{self._full}. {instrument.asset_class}, tick {tick}, lot {lot}.")
        self._contract.setAccessibleName(f"Contract: {self._full}")
        self._elide()

    def _elide(self) -> None:
        metrics, room = self._contract.fontMetrics(), self._contract.width()
        words = metrics.elidedText(self._full, Qt.TextElideMode.ElideRight, room)
        self._contract.setText(words if metrics.horizontalAdvance(words) <= room else "")

    def _show_account(self, *_: object) -> None:
        environment: Environment = self._panel.context.bridge.session.environment
        account = self._panel.context.focus.account
        self._account.setProperty("chip", environment.value.lower())
        self._account.setProperty("account", mark_of(self._panel.context.bridge.session.accounts, account))
        self._account.style().polish(self._account)
        self._account.setToolTip(f"Orders of this panel go to account {account}, {environment}.")
        self._account.setAccessibleName(f"Account {account}, environment {environment}")
        use_figure_font(self._account, "caption")
        self._account.show_words(f"{account} {environment}" if environment not in account else account)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the symbol box be narrow before the account is elided; the contract's name has what is left."""
        super().resizeEvent(event)
        frame = self.symbol.minimumSizeHint().width()
        least = max(SYMBOL_WIDTH_MIN, self.symbol.fontMetrics().horizontalAdvance(SYMBOL_LEAST) + frame)
        room = self.width() - 2 * GAP_PX - self._account.sizeHint().width()
        self.symbol.setFixedWidth(min(max(room, least), max(SYMBOL_WIDTH, least)))
        self._row.activate()
        self._elide()
