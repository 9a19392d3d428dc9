"""The ladder: a static price ladder that trades by click, drag and key.

Last stage of the tick walk and first of an order by click. It joins the view model, the drawing area and the buttons,
and sends commands; the gate decides. Cancels and exits go out in every state of data and arming.

Long because one panel answers for every gesture of the ladder, each with its command.
"""

from functools import partial

import msgspec
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from workstation.commands.params import CancelMany, CancelOne, ExitPosition, PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.ladder_changes import LadderChanges
from workstation.desktop.panels.ladder_controls import (
    SHORT_BELOW_PX,
    LadderButtons,
    OneLine,
    PnlLabel,
    QuantityPad,
    in_clauses,
)
from workstation.desktop.panels.ladder_fold import Fold, FoldedLine, fold_for
from workstation.desktop.panels.ladder_header import InstrumentHeader
from workstation.desktop.panels.ladder_keys import KeyedLadder
from workstation.desktop.panels.ladder_options import LadderOptions
from workstation.desktop.panels.ladder_view import Sources
from workstation.desktop.panels.ticket_fields import set_role
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.domain.orders import OrderState, Origin, OriginKind
from workstation.viewmodels.focus import FOCUS_GUARD_NS
from workstation.viewmodels.frames import Frame, PositionSnap
from workstation.viewmodels.hotkeys import Place, Refused
from workstation.viewmodels.ladder import Ladder, LadderPicture
from workstation.viewmodels.ladder_centring import AutoCentre, Centring
from workstation.viewmodels.ladder_clicks import Click, Column, entry, legs_of, only_reduces, rules_for
from workstation.viewmodels.ladder_settings import BySymbol, LadderSettings, plain_of, settings_from, unit_after
from workstation.viewmodels.open_profit import open_risk
from workstation.viewmodels.preview import PREVIEW_KEY

_LEVEL_ROLES = {"ok": "muted", "muted": "muted", "stale": "warning", "danger": "danger"}
SIZE_MOST, LARGE_MOST = 10**18, 1_000_000
EDGE_PX = 4
_IDLE_TEXT = "Point at a price to read its order."


class LadderPanel(Panel):
    """Static ladder of one instrument, traded in the account of the trade focus."""

    kind = "ladder"
    title = "Ladder"
    icon = "ladder"
    linked = aims = True
    holdable = holds_itself = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._ladder: Ladder | None = None
        self._changes = LadderChanges(self, context, answered=self._answered, cancel=self._cancel)
        self._changed_at = 0
        self._picture: LadderPicture | None = None
        self._ticks_per_row = 1
        self._settings: dict[str, LadderSettings] = {}
        self._kept_sizes, self._large = BySymbol(SIZE_MOST), BySymbol(LARGE_MOST)
        self._centre_rule = AutoCentre(context.bridge.session.mono_ns())
        self._header: InstrumentHeader | None = None
        self._fold = Fold.NOTHING
        self._view: KeyedLadder | None = None
        self.pad = QuantityPad(panel_id, context.sizes.sizes)
        self.buttons = LadderButtons(panel_id)
        self.status = OneLine(f"{panel_id}_status", "Ladder data")
        self.preview = OneLine(f"{panel_id}_preview", "Order under the pointer", lines=2)
        self.marketable = QCheckBox("through")
        self.options = QToolButton()
        self.pnl = PnlLabel(panel_id)
        self._body = QWidget()
        self._stack = QStackedLayout(self)
        self._build()
        self.buttons.cancel_pressed.connect(self._cancel_side)
        self.buttons.flatten_pressed.connect(self._flatten)
        self.buttons.breakeven_pressed.connect(partial(self._run_here, "trade.breakeven"))
        self.buttons.reverse_pressed.connect(partial(self._run_here, "trade.reverse"))
        self.buttons.centre_pressed.connect(self._centre)
        self.buttons.position_pressed.connect(self._seed_exit_size)
        self.pad.changed.connect(self._on_size)
        self.marketable.toggled.connect(self._set_marketable)
        self.options.clicked.connect(self.open_options)
        self.pnl.clicked.connect(self._toggle_pnl)
        self.until_released(context.focus.listen(self._follow_account))
        self.until_released(context.sizes.listen(self._take_preset))

    @property
    def view(self) -> KeyedLadder:
        """The drawing area.

        Raises:
            LookupError: no instrument has been chosen yet.
        """
        if self._view is None:
            raise LookupError("the ladder shows no instrument yet")
        return self._view

    def header_widget(self) -> QWidget:
        """Return symbol box, contract and account."""
        if self._header is None:
            self._header = InstrumentHeader(self)
            if self.symbol:
                self._header.show_symbol(self.symbol)
        return self._header

    def on_symbol(self, symbol: str) -> None:
        """Show another instrument; clicks are refused for the guard's time, working orders stay."""
        self._changed_at = self.context.bridge.session.mono_ns()
        if self._header is not None:
            self._header.show_symbol(symbol)
        self._open_ladder()
        self._changes.close_editor()
        kept = self._kept_sizes.get(symbol)
        self.pad.show_instrument(self.context.instrument(symbol), self.context.sizes.size)
        if kept is not None and self.settings.keep_size:
            self.pad.set_qty(kept)
        self.watch(quotes=frozenset({symbol}), depths=frozenset({symbol}))
        self._apply_settings()
        self._refresh()

    @property
    def settings(self) -> LadderSettings:
        """The settings in force for the shown instrument: those of its class, with its own size that stands out."""
        of_class, large = self._settings.get(self._class, LadderSettings()), self._large.get(self.symbol)
        return of_class if large is None else msgspec.structs.replace(of_class, large_size=large)

    def set_settings(self, settings: LadderSettings) -> None:
        """Take settings for each instrument of the shown class, and the size that stands out for the shown one."""
        if settings.large_size != self.settings.large_size:
            self._large.put(self.symbol, settings.large_size)
        of_class = self._settings.get(self._class, LadderSettings()).large_size
        self._settings[self._class] = msgspec.structs.replace(settings, large_size=of_class)
        self._apply_settings()
        self._refresh()

    def open_options(self) -> LadderOptions:
        """Show the settings below their button; the popup deletes itself when closed."""
        popup = LadderOptions(self.settings, self)
        popup.changed.connect(self.set_settings)
        popup.open_under(self.options)
        return popup

    def on_held(self, *, held: bool) -> None:
        """Keep the market columns still, or show the present."""
        if self._ladder is not None and held:
            self._ladder.hold(self.context.state, self.context.bridge.session.mono_ns())
        elif self._ladder is not None:
            self._ladder.let_go()
        self._refresh()

    def on_frame(self, frame: Frame) -> None:
        """Paint what is new and send amends that waited."""
        if self._ladder is None:
            return
        self._ladder.on_frame(frame, self.context.bridge.session.mono_ns())
        self._changes.settle()
        self._refresh()

    def save_settings(self) -> PanelSettings:
        """Return grouping, and the settings of each class of instrument as `class.name`."""
        ticks = self._ticks_per_row if self._ladder is None else self._ladder.map.ticks_per_row
        saved: PanelSettings = {"ticks_per_row": ticks}
        for asset_class, settings in self._settings.items():
            saved |= {f"{asset_class}.{name}": value for name, value in plain_of(settings).items()}
        for name, kept in (("kept_sizes", self._kept_sizes), ("large_sizes", self._large)):
            if plain := kept.plain():
                saved[name] = plain
        return saved

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take grouping and settings back."""
        ticks = settings.get("ticks_per_row", 1)
        self._ticks_per_row = ticks if isinstance(ticks, int) else 1
        plain: dict[str, dict[str, object]] = {}
        for key, value in settings.items():
            asset_class, point, name = key.partition(".")
            if point:
                plain.setdefault(asset_class, {})[name] = value
        self._kept_sizes.restore(settings.get("kept_sizes"))
        self._large.restore(settings.get("large_sizes"))
        self._settings = {asset_class: settings_from(values) for asset_class, values in plain.items()}
        self._apply_settings()

    @property
    def _class(self) -> str:
        return str(self.context.instrument(self.symbol).asset_class) if self.symbol else ""

    def _on_size(self, qty: int) -> None:
        self._point(None, 0, Click())
        if self.symbol and self.settings.keep_size and qty:
            self._kept_sizes.put(self.symbol, qty)

    def _set_marketable(self, allowed: bool) -> None:
        if allowed != self.settings.marketable:
            self.set_settings(msgspec.structs.replace(self.settings, marketable=allowed))

    def _toggle_pnl(self) -> None:
        self.set_settings(msgspec.structs.replace(self.settings, pnl_label=unit_after(self.settings.pnl_label)))

    def _apply_settings(self) -> None:
        settings, view, ladder = self.settings, self._view, self._ladder
        self.marketable.setChecked(settings.marketable)
        if ladder is not None:
            ladder.show_as(settings)
        if view is not None:
            view.take_settings(settings)
            view.pin_pointer = settings.pin_pointer

    def _build(self) -> None:
        empty = QLabel("No instrument yet.\nType a symbol above, or pick one in the watchlist.")
        empty.setObjectName(f"{self.panel_id}_empty")
        empty.setProperty("role", "muted")
        empty.setMargin(12)
        self.marketable.setObjectName(f"{self.panel_id}_marketable")
        use_figure_font(self.marketable, "caption")
        self.marketable.setToolTip("Allow limits through the market; the price collar bounds them")
        self.marketable.setAccessibleName("Allow limits through the market")
        self.options.setObjectName(f"{self.panel_id}_options")
        self.options.setText("⋯")
        use_figure_font(self.options, "caption")
        self.options.setToolTip("Ladder settings")
        self.options.setAccessibleName("Ladder settings")
        self.options.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(EDGE_PX, 2, EDGE_PX, EDGE_PX)
        top.setSpacing(2)
        top.addWidget(self.pad)
        line = self._line = FoldedLine(self.status, self.pnl, self.marketable, self.options)
        line.room_changed.connect(
            lambda width: self.pnl.be_short(short=width < SHORT_BELOW_PX * current_theme().text_scale)
        )
        top.addWidget(line)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(EDGE_PX, EDGE_PX, EDGE_PX, EDGE_PX)
        bottom.setSpacing(EDGE_PX)
        bottom.addWidget(self.preview)
        bottom.addWidget(self.buttons)
        self._column.addLayout(top)
        self._column.addLayout(bottom)
        self._stack.addWidget(empty)
        self._stack.addWidget(self._body)
        self.preview.show_text(_IDLE_TEXT)
        theme_notifier().changed.connect(self._give_way)

    def _open_ladder(self) -> None:
        """Make the ladder of the shown instrument and the focus account, and the drawing area with the first one."""
        if not self.symbol:
            return
        ticks = self._ticks_per_row if self._ladder is None else self._ladder.map.ticks_per_row
        rows = 1 if self._ladder is None else self._ladder.map.rows
        self._ladder = Ladder(self.context.instrument(self.symbol), self.context.focus.account, rows)
        self._ladder.map.set_grouping(ticks)
        if self.is_held:
            self._ladder.hold(self.context.state, self.context.bridge.session.mono_ns())
        self._apply_settings()
        if self._view is not None:
            self._view.show_ladder(self._ladder)
            return
        state, session = self.context.state, self.context.bridge.session
        in_flight = self._changes.in_flight
        sources = Sources(state.open_orders.get, self._legs, in_flight, self._middle, session.mono_ns, self._held)
        view = self._view = KeyedLadder(self._ladder, sources)
        view.setObjectName(f"{self.panel_id}_view")
        view.entry_clicked.connect(self._enter)
        view.cancel_asked.connect(self._cancel)
        view.move_asked.connect(self._move)
        view.edit_asked.connect(self._edit)
        view.reject_seen.connect(self._see_reject)
        view.refused.connect(lambda text: self.context.announcer.say("warning", text))
        view.pointed.connect(self._point)
        view.centred.connect(lambda: self._centre_rule.centred(session.mono_ns()))
        self._column.insertWidget(1, view, 1)
        self.setFocusProxy(view)
        self._stack.setCurrentWidget(self._body)
        self._give_way()

    def _refresh(self) -> None:
        ladder, view = self._ladder, self._view
        if ladder is None or view is None or not self.isVisible():
            return
        ladder.place(self.context.state)
        if not ladder.is_held:
            self._keep_centred(ladder, view)
        picture = self._picture = ladder.view(self.context.state, self.context.bridge.session.mono_ns())
        view.show_picture(picture)
        self.buttons.show_counts(picture.counts)
        self._show_position(picture, ladder)
        self.pnl.show_profit(picture, self.settings.pnl_label)
        self._show_line()

    def _show_line(self) -> None:
        """Say how the data is; a low ladder says what the pointer is at in its place, and the profit if all is well."""
        picture, ladder = self._picture, self._ladder
        if picture is None or ladder is None:
            return
        health, is_low = picture.health, self._fold is not Fold.NOTHING
        text, *shorter = _status_texts(picture, ladder)
        role = _LEVEL_ROLES[health.level]
        points = is_low and self.preview.full_text != _IDLE_TEXT
        if points:
            text, role, shorter = self.preview.full_text, str(self.preview.property("role")), []
        alone = is_low and (points or bool(health.text))
        self.status.setVisible(alone or not is_low)
        self.pnl.setVisible(not alone)
        no_room = is_low and self._line.is_narrow  # it is among the settings too
        self.marketable.setVisible(not (alone or no_room or health.entry_refusal))  # its room goes to the reason
        self.status.show_text(text, role, *shorter)

    def _give_way(self, *_: object) -> None:
        """Let what stands around the rows give way where the panel is low."""
        view = self._view
        if view is None:
            return
        edges = 4 * EDGE_PX
        words = EDGE_PX + 2 * self.preview.fontMetrics().lineSpacing()
        around = [
            view.grid.title_height
            + edges
            + self.pad.sizeHint().height()
            + self._line.line_px(single=step is not Fold.NOTHING)
            + self.buttons.rows.rows_px(low=step is Fold.BUTTONS)
            + (words if step is Fold.NOTHING else 0)
            for step in Fold
        ]
        self._fold = fold_for(self.height(), view.grid.row_height, around)
        self._line.be_single(single=self._fold is not Fold.NOTHING)
        self.preview.setVisible(self._fold is Fold.NOTHING)
        for button in (self.pnl, self.options):
            set_role(button, "tight", "true" if self._fold is not Fold.NOTHING else "false")
        self.buttons.rows.be_low(low=self._fold is Fold.BUTTONS)
        self._show_line()

    def _keep_centred(self, ladder: Ladder, view: KeyedLadder) -> None:
        """Move rows where a rule of the settings, or a hand before it, asked for that."""
        settings, now = self.settings, self.context.bridge.session.mono_ns()
        if settings.dynamic:
            view.follow_market()
        else:
            bid, ask, last = ladder.inside(self.context.state)
            inside = None if bid is None or ask is None else (bid, ask)
            step = self._centre_rule.step(settings, ladder.map, inside, last, now)
            view.show_flash(step is not Centring.REST)
            if step is Centring.MOVE:
                view.recentre()
        view.centre_when_quiet()

    def _legs(self, order: OrderState) -> tuple[OrderState, ...]:
        """Return the other open orders of an order's bracket."""
        return legs_of(order, self.context.state.working(order.terms.account, order.terms.symbol))

    def _show_position(self, picture: LadderPicture, ladder: Ladder) -> None:
        qty, words = picture.position_qty, ladder.instrument
        if qty == 0 or picture.average is None:
            self.buttons.show_position("Flat", "Flat", 0)
            return
        sign = 1 if qty > 0 else -1
        side = "Long" if qty > 0 else "Short"
        size = f"{side} {words.qty_text(abs(qty))}"
        signed = f"{'+' if sign > 0 else '−'}{words.qty_text(abs(qty))}"
        self.buttons.show_position(f"{size} @ {words.price_text(picture.average)}", size, sign, signed)

    def _middle(self) -> int | None:
        return None if self._ladder is None else self._ladder.middle(self.context.state)

    def _held(self) -> tuple[PositionSnap | None, int | None]:
        """Return the position and its open risk."""
        state, account = self.context.state, self.context.focus.account
        held = state.position(account, self.symbol)
        instrument = self.context.instrument(self.symbol)
        return held, open_risk(held, state.working(account, self.symbol), instrument)

    def _centre(self) -> None:
        if self._view is not None:
            self._view.recentre()
            self._refresh()

    def _request(self, column: Column, price: int, click: Click) -> Place | Refused | None:
        ladder, picture = self._ladder, self._picture
        if ladder is None or picture is None:
            return None
        rules = rules_for(click, self.settings, ladder.instrument, ladder.account, self.pad.qty)
        inside = ladder.inside(self.context.state)[:2] if ladder.is_held else (picture.bid, picture.ask)
        return entry(column, price, ladder.instrument, rules, stop=click.right, inside=inside)

    def _point(self, column: Column | None, price: int, click: Click) -> None:
        """Say the order of a click here, before any click; stops at the cursor are taken from here."""
        self.context.cursor.point(self.symbol, None if column is None else price)
        self._say_order(column, price, click)
        if self._fold is not Fold.NOTHING:
            self._show_line()

    def _say_order(self, column: Column | None, price: int, click: Click) -> None:
        if column is None or column.sign == 0 or column in (Column.OWN_BID, Column.OWN_ASK):
            self.preview.show_text(_IDLE_TEXT)
            return
        left = self._request(column, price, click)
        right = self._request(column, price, msgspec.structs.replace(click, right=True))
        refusal = "" if self._picture is None else self._picture.health.entry_refusal
        if refusal:
            self.preview.show_text(refusal, "warning")
        elif isinstance(left, Place):
            self.preview.show_text(left.words, "buy" if column.sign > 0 else "sell")
        elif isinstance(right, Place):
            self.preview.show_text(f"right button: {right.words}", "buy" if column.sign > 0 else "sell")
        elif isinstance(left, Refused):
            self.preview.show_text(left.text, "warning")

    def _enter(self, column: Column, price: int, click: Click) -> None:
        request = self._request(column, price, click)
        ladder, picture, say = self._ladder, self._picture, self.context.announcer.say
        if request is None or ladder is None or picture is None:
            return
        if self._guarded():
            return
        if isinstance(request, Refused):
            say("warning", request.text)
            return
        working = self.context.state.working(ladder.account, self.symbol)
        reduces = only_reduces(request.terms, picture.position_qty, working)
        if not reduces and not self.context.is_armed:
            pulse_arm_chip()
            return
        if not reduces and picture.health.entry_refusal:
            say("warning", picture.health.entry_refusal)
            return
        cl_ord_id = self.context.bridge.session.new_cl_ord_id()
        order = PlaceOrder(
            terms=request.terms,
            cl_ord_id=cl_ord_id,
            metadata={PREVIEW_KEY: request.words},
            stop_loss_px=request.stop_loss_px,
            take_profit_px=request.take_profit_px,
        )
        say("info", f"Pending: {request.words}", cl_ord_id)
        self.context.call("order.submit", order, self._origin(price), partial(self._answered, cl_ord_id))
        if self.settings.reset_qty:
            self.pad.set_qty(0)

    def _guarded(self) -> bool:
        """Refuse, aloud, what is pressed so soon after another instrument came that it may be meant for the old one."""
        guarded = self.context.bridge.session.mono_ns() - self._changed_at < FOCUS_GUARD_NS
        if guarded:
            text = f"Refused: the ladder moved to {self.symbol} under 300 ms ago."
            self.context.announcer.say("warning", text)
        return guarded

    def _answered(self, cl_ord_id: str, result: CommandResult) -> None:
        if result.code == "NOT_ARMED":
            pulse_arm_chip()
        self.context.announcer.say("info" if result.ok else "warning", result.text, cl_ord_id)

    def _origin(self, price: int) -> Origin:
        return self.context.origin(OriginKind.LADDER, f"row {self.context.instrument(self.symbol).price_text(price)}")

    def _cancel(self, ids: tuple[str, ...]) -> None:
        if self._guarded():
            return
        origin = self.context.origin(OriginKind.LADDER, "order cell")
        for cl_ord_id in ids:
            params = CancelOne(cl_ord_id=cl_ord_id, reason="ladder")
            self.context.call("order.cancel", params, origin, partial(self._answered, cl_ord_id))

    def _cancel_side(self, side_sign: int) -> None:
        if self._guarded():
            return
        held = self._picture is not None and self._picture.position_qty != 0
        scope = CancelMany(
            account=self.context.focus.account,
            symbol=self.symbol,
            side_sign=side_sign or None,
            include_protective=not held,
        )
        origin = self.context.origin(OriginKind.LADDER, "cancel button")
        self.context.call("order.cancel_scope", scope, origin, partial(self._answered, ""))

    def _flatten(self) -> None:
        if self._guarded():
            return
        params = ExitPosition(account=self.context.focus.account, symbol=self.symbol)
        origin = self.context.origin(OriginKind.LADDER, "flatten button")
        self.context.call("position.flatten", params, origin, partial(self._answered, ""))

    def _run_here(self, command_id: str) -> None:
        """Aim the trade focus at this instrument and run a command of the key map on it."""
        if not self._guarded():
            self.context.focus.move(symbol=self.symbol)
            self.command_asked.emit(command_id)

    def _seed_exit_size(self) -> None:
        if self._picture is not None and self._picture.position_qty:
            self.pad.set_qty(abs(self._picture.position_qty))

    def _move(self, order: OrderState, price: int) -> None:
        self._changes.move(order, price, self._origin(price))

    def _edit(self, ids: tuple[str, ...]) -> None:
        self._changes.edit(ids, self.symbol, self._cursor_on_screen)

    def _cursor_on_screen(self) -> QPoint | None:
        """Return where the keys' cell is on the screen, None while the pointer is over the ladder."""
        view = self.view
        by_pointer = view.rect().contains(view.mapFromGlobal(QCursor.pos()))
        return None if by_pointer else view.mapToGlobal(view.cursor_point())

    def _see_reject(self, column: Column, price: int) -> None:
        if self._ladder is not None:
            now, row_of = self.context.bridge.session.mono_ns(), self._ladder.map.row_of
            seen = [
                mark.cl_ord_id
                for mark in self._ladder.rejects.showing(now)
                if mark.sign == column.sign and row_of(mark.price, "down" if mark.sign > 0 else "up") == row_of(price)
            ]
            self._ladder.rejects.acknowledge(seen)
            self._refresh()

    def _follow_account(self) -> None:
        if self._ladder is not None and self._ladder.account != self.context.focus.account:
            self._open_ladder()
            self._refresh()

    def _take_preset(self) -> None:
        if self.symbol:
            self.pad.show_instrument(self.context.instrument(self.symbol), self.context.sizes.size)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let what stands around the rows give way where there is no room for it."""
        super().resizeEvent(event)
        self._give_way()


def _status_texts(picture: LadderPicture, ladder: Ladder) -> list[str]:
    """Return the state of the data, or spread and grouping when all is well, then the same in ever less room."""
    if picture.health.text:
        refused = " · entries refused, cancels work" if picture.health.entry_refusal else ""
        text = picture.health.text[0].upper() + picture.health.text[1:] + refused
        return [text, *in_clauses(text)]
    parts = []
    if picture.bid is not None and picture.ask is not None:
        parts.append(f"spread {ladder.instrument.ticks_between(picture.bid, picture.ask)}t")
    ticks = ladder.map.ticks_per_row
    rows = f"{ticks}t a row"
    return [" · ".join(said) for said in (["Book live", *parts, rows], [*parts, rows], parts or [rows])]
