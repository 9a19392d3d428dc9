"""Provenance panel: why an order exists, from the key that asked for it to its last fill, as the journal tells it.

Last stage of the order walk, looking back. Follows the shown order live; a record that is not complete names its gap.
Copies as text, exports as JSON. Gives a stop that is watched here to its venue, or fires one that is held.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QBrush, QFontMetrics, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from workstation.commands.params import ReadStory, WatchedOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.fonts import Weight
from workstation.desktop.panels.wrapped_cells import CELL_PADDING_PX, TEXT_HEIGHT_MAX_PX, WrappedCells
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.theme import current_theme, figure_font, theme_notifier, ui_font
from workstation.desktop.whole_rows import WholeRowsTree
from workstation.domain.orders import OrderState, OriginKind
from workstation.ports.stories import OrderStory
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.order_states import is_held, is_watched
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.provenance import Fact, Provenance, Section, as_json, as_text, provenance_of
from workstation.viewmodels.screen_then import screens_then

AGAIN_MS = 100
AGAIN_MAX = 50
"""Readings of one version before the page is left as the journal has it."""

NAME_SHARE, VALUE_SHARE = 28, 38
"""Per cent of the width that names and values may take at most; longer ones go on in another line."""

PAGE_SHARE, SCREEN_SHARE = 3, 2
"""How page and screen share the width."""

NAME_MIN_PX = 90

NOTHING_CHOSEN = PanelNote("info", "No order chosen. Press Ctrl+I on an order, a fill, a position or a reject.")
_INKS = {"good": "buy", "warning": "warning", "bad": "danger"}
_ORDER_ROLE = Qt.ItemDataRole.UserRole


class ProvenancePanel(Panel):
    """The story of one order."""

    kind = "provenance"
    title = "Provenance"
    icon = "info"
    scrolls = True
    link_down_words = "What came from the venue may not be all; the story goes on when it answers."

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.cl_ord_id = ""
        self.page: Provenance | None = None
        self._wanted = self._tries = 0
        self._reading = self._released = False
        self._build()
        self._again = QTimer(self, interval=AGAIN_MS, singleShot=True)
        self._again.timeout.connect(self._read)
        theme_notifier().changed.connect(self._show_page)
        self.show_order("")

    def show_order(self, cl_ord_id: str) -> None:
        """Show an order's story; "" shows how to choose one."""
        self.cl_ord_id, self.page = cl_ord_id, None
        self._tries = 0
        known = self.context.state.orders.get(cl_ord_id)
        self._wanted = 0 if known is None else known.version
        self.heading.setText(cl_ord_id)
        self.title_changed.emit(f"{self.title} · …{cl_ord_id[-6:]}" if cl_ord_id else self.title)
        self._show_page()
        self.note.show_note(PanelNote("info", "Reading the journal…") if cl_ord_id else NOTHING_CHOSEN)
        if cl_ord_id:
            self._read()

    def chosen_order(self) -> str:
        """Return the order that the selected line names, else the one shown."""
        item = self.tree.currentItem()
        return (str(item.data(0, _ORDER_ROLE) or "") if item is not None else "") or self.cl_ord_id

    def on_frame(self, frame: Frame) -> None:
        """Read again when the shown order has changed."""
        for row in frame.rows:
            if isinstance(row, OrderState) and row.cl_ord_id == self.cl_ord_id and row.version > self._wanted:
                self._wanted, self._tries = row.version, 0
                self._again.start()

    def copy(self) -> None:
        """Put the page on the clipboard as text."""
        if self.page is not None:
            QApplication.clipboard().setText(as_text(self.page))
            self.context.announcer.say("info", "Provenance copied.")

    def export(self) -> None:
        """Ask for a file and write the page to it."""
        name, _ = QFileDialog.getSaveFileName(self, "Export provenance", f"{self.cl_ord_id}.json", "JSON (*.json)")
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write the page as JSON; says so, or why not."""
        if self.page is None:
            return
        try:
            path.write_text(as_json(self.page, redact=self.redact.isChecked()), encoding="utf-8")
        except OSError as error:
            self.context.announcer.say("warning", f"Not exported: {path.name}: {error.strerror}.")
            return
        self.context.announcer.say("info", f"Provenance exported to {path.name}.")

    def save_settings(self) -> PanelSettings:
        """Return the order shown, and whether the screen of its decision stands beside it."""
        then = {"then": 1} if self.then.isChecked() else {}
        return {"order": self.cl_ord_id, **then} if self.cl_ord_id else {**then}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Show it again."""
        self.then.setChecked(settings.get("then") == 1)
        order = settings.get("order")
        if isinstance(order, str) and order:
            self.show_order(order)

    def release(self) -> None:
        """End; an answer that comes later finds the panel released."""
        self._released = True
        self._again.stop()
        super().release()

    def _build(self) -> None:
        grid = current_theme().metrics.grid
        bar = self._bar = FlowBar(grid)
        bar.setObjectName(f"{self.panel_id}_tools")
        bar.set_margins(grid, grid)
        self.heading = QLabel()
        self.heading.setObjectName(f"{self.panel_id}_order")
        self.heading.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.heading.setWordWrap(True)
        bar.add(self.heading, 1)
        self.redact = QCheckBox("Redact")
        self.redact.setAccessibleName("Redact an exported file")
        self.redact.setObjectName(f"{self.panel_id}_redact")
        self.redact.setToolTip("Leave account, person and credential out of an exported file")
        self.redact.setChecked(True)
        bar.add(self.redact)
        self.then = QPushButton("Screen then")
        self.then.setObjectName(f"{self.panel_id}_then")
        self.then.setAccessibleName("Show the screen at the moment of the decision beside the page")
        self.then.setToolTip("Quote, book, position, other orders, day and limits as they stood when it was decided")
        self.then.setCheckable(True)
        self.then.setProperty("role", "quiet")
        self.then.toggled.connect(self._show_then)
        bar.add(self.then)
        self._add_buttons(bar)
        self.note = NoteLine(f"{self.panel_id}_note")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.note)
        self.tree = self._build_tree("facts", "Provenance", "Beside it")
        self.tree.itemActivated.connect(self._follow)
        self.screen_then = self._build_tree("screen", "Screen at the moment of the decision", "Remark")
        self.screen_then.hide()
        pages = self._pages = QSplitter(Qt.Orientation.Horizontal)
        pages.setObjectName(f"{self.panel_id}_pages")
        pages.setChildrenCollapsible(False)
        for tree, share in ((self.tree, PAGE_SHARE), (self.screen_then, SCREEN_SHARE)):
            pages.addWidget(tree)
            pages.setStretchFactor(pages.indexOf(tree), share)
        pages.splitterMoved.connect(self._share_room)
        column.addWidget(pages, 1)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        self.setFocusProxy(self.tree)

    def _add_buttons(self, bar: FlowBar) -> None:
        """Add what acts on the order, and on the page."""
        self.buttons = {}
        for name, text, meaning, act in (
            (
                "move",
                "To broker",
                "Move this stop from this PC to the broker",
                lambda: self._run("order.move_to_broker"),
            ),
            ("fire", "Fire", "Send this order, whose trigger passed unwatched", lambda: self._run("order.fire")),
            ("retry", "Retry", "Read the journal again", lambda: self.show_order(self.cl_ord_id)),
            ("copy", "Copy", "Copy the page and the screen then as text", self.copy),
            ("export", "Export…", "Export the page and the screen then as JSON", self.export),
        ):
            button = self.buttons[name] = QPushButton(text)
            button.setObjectName(f"{self.panel_id}_{name}")
            button.setAccessibleName(meaning)
            button.setToolTip(meaning)
            button.setProperty("role", "quiet")
            button.clicked.connect(lambda _checked=False, act=act: act())
            bar.add(button)

    def _build_tree(self, name: str, meaning: str, beside: str) -> QTreeWidget:
        tree = WholeRowsTree()
        tree.setObjectName(f"{self.panel_id}_{name}")
        tree.setAccessibleName(meaning)
        tree.setHeaderLabels(["Fact", "Value", beside])
        tree.setWordWrap(True)
        tree.setItemDelegate(WrappedCells(tree))
        tree.setAlternatingRowColors(False)
        header = tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, 160)
        header.setStretchLastSection(True)
        header.sectionResized.connect(lambda *_: tree.scheduleDelayedItemsLayout())
        return tree

    def _show_then(self, on: bool) -> None:
        self.screen_then.setVisible(on)
        self._pages.refresh()  # both have their new widths before columns are shared out
        self._share_room()

    def _follow(self, item: QTreeWidgetItem) -> None:
        """Show the relative that a line names."""
        order = item.data(0, _ORDER_ROLE)
        if order:
            self.show_order(str(order))

    def _run(self, command_id: str) -> None:
        """Do something about the shown order; the answer is announced, a refusal stands above the page."""
        origin = self.context.origin(OriginKind.BLOTTER, self.panel_id)
        self.context.call(command_id, WatchedOrder(cl_ord_id=self.cl_ord_id), origin, self._on_done)

    def _on_done(self, result: CommandResult) -> None:
        self.context.announcer.say("info" if result.ok else "warning", result.text)
        if not self._released and not result.ok:
            self.note.show_note(PanelNote("warning", result.text))

    def _read(self) -> None:
        if self._reading or not self.cl_ord_id:
            return
        self._reading, asked = True, self.cl_ord_id
        origin = self.context.origin(OriginKind.SYSTEM, self.panel_id)
        self.context.call("order.story", ReadStory(cl_ord_id=asked), origin, lambda result: self._take(asked, result))

    def _take(self, asked: str, result: CommandResult) -> None:
        self._reading = False
        if self._released:
            return
        if asked != self.cl_ord_id:
            self._read()
            return
        story = result.data
        self._tries += 1
        late = not isinstance(story, OrderStory) or story.order.version < self._wanted
        if late and self._wanted and self._tries < AGAIN_MAX:
            self._again.start()
        if not isinstance(story, OrderStory):
            self.note.show_note(PanelNote("warning", result.text))
            return
        self._show_story(story)

    def _show_story(self, story: OrderStory) -> None:
        session = self.context.bridge.session
        symbol = story.order.terms.symbol
        instrument = session.known.get(symbol) or session.instruments.get(symbol)
        if instrument is None:
            self.note.show_note(PanelNote("warning", f"The instrument {symbol} is not known to this program."))
            return
        known = self.context.state.orders
        page = provenance_of(story, instrument, known, version=session.version, names=session.origin_names)
        self.page = msgspec.structs.replace(page, then=screens_then(story, instrument))
        self.note.show_note(PanelNote("warning", story.gap) if story.gap else PanelNote())
        self._show_page()

    def _fit_heading(self) -> None:
        """Let the order stand whole: beside the buttons, in a line above them, or in more where it must."""
        metrics, text = self.heading.fontMetrics(), self.heading.text()
        words = metrics.horizontalAdvance(text) + 1
        grid = current_theme().metrics.grid
        room = self.width() - 2 * grid
        beside = self._bar.line_px(without=self.heading) - grid
        width = max(words if words + beside <= room or not text else room, 1)
        wrapped = metrics.boundingRect(0, 0, width, TEXT_HEIGHT_MAX_PX, Qt.TextFlag.TextWordWrap, text)
        self.heading.setMinimumSize(width, wrapped.height())

    def _share_room(self, *_: object) -> None:
        """Give names what they need, values up to their share, and the rest to what stands beside them."""
        page = self.page
        pages = (
            (self.tree, () if page is None else page.sections),
            (self.screen_then, () if page is None else page.then),
        )
        for tree, sections in pages:
            room, names = tree.viewport().width(), max(tree.sizeHintForColumn(0), NAME_MIN_PX)
            tree.setColumnWidth(0, max(min(names, room * NAME_SHARE // 100), NAME_MIN_PX))
            metrics = QFontMetrics(figure_font("body"))
            facts = [fact for section in sections for fact in section.facts]
            widest = max((metrics.horizontalAdvance(fact.value) for fact in facts), default=0)
            share = room * VALUE_SHARE // 100
            tree.setColumnWidth(1, max(min(widest + 2 * CELL_PADDING_PX, share), NAME_MIN_PX))

    def _show_page(self, *_: object) -> None:
        self.tree.clear()
        self.screen_then.clear()
        for name in ("copy", "export"):
            self.buttons[name].setEnabled(self.page is not None)
        self.buttons["retry"].setEnabled(bool(self.cl_ord_id))
        self.then.setEnabled(self.page is not None)
        known = self.context.state.orders.get(self.cl_ord_id)
        self.buttons["move"].setVisible(is_watched(known) and not is_held(known))
        self.buttons["fire"].setVisible(is_held(known))
        if self.page is None:
            return
        self.heading.setText(self.page.title)
        self.heading.setToolTip(f"{self.page.title}\n{self.page.cl_ord_id}")
        self._fit_heading()
        _fill(self.tree, self.page.sections)
        _fill(self.screen_then, self.page.then)
        self._share_room()

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        self._fit_heading()
        self._share_room()


def _fill(tree: QTreeWidget, sections: Iterable[Section]) -> None:
    for section in sections:
        head = QTreeWidgetItem([section.title])
        head.setFont(0, ui_font("body", Weight.DemiBold))
        tree.addTopLevelItem(head)
        head.setFirstColumnSpanned(True)
        head.addChildren([_item(fact) for fact in section.facts])
        head.setExpanded(True)


def _item(fact: Fact) -> QTreeWidgetItem:
    colors = current_theme().colors
    item = QTreeWidgetItem([fact.name, fact.value, fact.note])
    item.setData(0, _ORDER_ROLE, fact.order)
    item.setFont(1, figure_font("body"))
    item.setForeground(0, QBrush(colors.text_muted))
    item.setForeground(1, QBrush(getattr(colors, _INKS.get(fact.level, "text"))))
    item.setForeground(2, QBrush(colors.text_muted))
    for place, text in ((1, fact.value), (2, fact.note)):
        item.setToolTip(place, text)
    return item
