"""The time and sales panel: prints as they come, held by Space, filtered by what is typed, and every state in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.cut_words import cut_words
from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, quote, status
from workstation.desktop.panels.time_sales_panel import TimeSalesPanel
from workstation.desktop.panels.time_sales_panel_view import PADDING_PX, whole_words
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.desktop.theme import THEME_NAMES, apply_theme, load_theme
from workstation.domain.market import Aggressor, Trade


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    made.feed(status=status(now_ns=START_NS))
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[TimeSalesPanel]:
    made = TimeSalesPanel(rig.context, "time_sales-1")
    qtbot.addWidget(made)
    qtbot.addWidget(made.header_widget())
    made.resize(420, 300)
    made.show_symbol("AAPL")
    made.show()
    yield made
    made.release()


def printed(number: int, size: int = 100, side: Aggressor = Aggressor.BUY, price: int = 18_700) -> Trade:
    return Trade("AAPL", price + number, size, side, f"t{number}", START_NS + number, START_NS + number)


def seen(panel: TimeSalesPanel) -> list[str]:
    return [line.split("\t")[1] for line in panel.view.copied().splitlines()]


def test_it_asks_for_the_tape_and_says_that_nothing_was_traded_yet(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    assert rig.gateway.of("market.watch")[-1].tapes == {"AAPL"}
    assert "No prints of AAPL yet" in panel.view.empty_text


def test_without_an_instrument_it_says_how_to_choose_one(rig: DesktopRig, qtbot: QtBot) -> None:
    made = TimeSalesPanel(rig.context, "time_sales-2")
    qtbot.addWidget(made)
    assert "choose a link group" in made.view.empty_text
    made.release()


def test_prints_of_one_frame_stand_newest_first(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    rig.feed(prints=[printed(0), printed(1)])
    assert seen(panel) == ["187.01", "187.00"]
    assert panel.summary.text() == "volume 200 · delta +200"


def test_in_a_narrow_place_the_time_goes_before_a_price_or_a_size_is_cut(
    panel: TimeSalesPanel, rig: DesktopRig
) -> None:
    rig.feed(prints=[printed(0, 12_345)])
    view, digit = panel.view, panel.view._digit
    seen_of: list[tuple[bool, bool]] = []
    for width in range(400, 60, -4):
        panel.resize(width, 300)
        QApplication.processEvents()
        view.viewport().grab()
        seen_of.append((view.time_digits > 0, view.shows_sizes))
        right = 8 + (view.time_digits + len("187.00")) * digit
        if view.viewport().width() > 8 + len("187.00") * digit:
            assert right <= view.viewport().width(), f"the price is whole in {width} px"
        if view.shows_sizes:
            assert right + (1 + len("12,345")) * digit <= view.viewport().width(), f"the size is whole in {width} px"
    assert list(dict.fromkeys(seen_of)) == [(True, True), (False, True), (False, False)]


def test_no_line_is_shown_copied_or_clicked_in_part(panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(prints=[printed(n) for n in range(60)])
    view = panel.view
    row = view.viewport().height() / view.rows
    panel.resize(420, panel.height() + round(1.6 * row) - round(view.viewport().height() % int(row)))
    QApplication.processEvents()
    below = view.rows * int(row)
    assert view.viewport().height() - below > 5, "a part of a line would stand there"
    assert len(seen(panel)) == view.rows
    picture = view.viewport().grab().toImage()
    ground = picture.pixelColor(1, below + 3)
    assert all(picture.pixelColor(x, y) == ground for x in range(2, 200) for y in range(below + 1, below + 5))
    clicked: list[int] = []
    view.line_clicked.connect(clicked.append)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, below + 3))
    assert clicked == []
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, below - 3))
    assert clicked == [view.rows - 1]


def test_a_narrow_tape_gives_up_thousandths_before_the_side(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    rig.feed(prints=[printed(0)])
    assert panel.view.shows_thousandths
    panel.resize(210, 300)
    QApplication.processEvents()
    assert not panel.view.shows_thousandths
    assert panel.view.copied().startswith("15:00:00.000\t"), "a copy keeps them"


@pytest.mark.parametrize("theme", THEME_NAMES)
def test_a_tape_of_254_px_says_the_side_in_words(
    theme: str, panel: TimeSalesPanel, rig: DesktopRig, qapp: QApplication
) -> None:
    apply_theme(qapp, load_theme(theme))
    try:
        panel.resize(254, 300)
        rig.feed(prints=[printed(0, price=22_986, size=2_302)])
        panel.view.grab()
        assert panel.view.least_px <= panel.view.viewport().width()
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_wide_tape_draws_sizes_as_bars_of_one_scale_and_a_narrow_one_none(
    panel: TimeSalesPanel, rig: DesktopRig
) -> None:
    panel.resize(900, 300)
    rig.feed(prints=[printed(0, size=100), printed(1, size=400), printed(2, size=200)])
    picture = panel.view.viewport().grab().toImage()
    start, row = panel.view.bars_from, panel.view._row

    def length(line: int) -> int:
        ground = picture.pixel(picture.width() - 2, line * row + row // 2)
        return sum(picture.pixel(x, line * row + row // 2) != ground for x in range(start, picture.width()))

    lengths = [length(line) for line in range(3)]
    assert lengths[1] == pytest.approx(picture.width() - start, abs=PADDING_PX + 1)
    assert [size / lengths[1] for size in lengths] == pytest.approx([0.5, 1.0, 0.25], abs=0.01)
    panel.resize(300, 300)
    QApplication.processEvents()
    assert panel.view.bars_from == 0


def test_columns_of_a_tape_make_room_for_longer_figures_and_keep_it(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    rig.feed(prints=[printed(0)])
    panel.view.grab()
    before = panel.view.least_px
    rig.feed(prints=[printed(1, price=123_456_789)])
    panel.view.grab()
    wider = panel.view.least_px
    rig.feed(prints=[printed(number) for number in range(2, 60)])
    panel.view.grab()
    assert before < wider == panel.view.least_px


def test_a_narrow_tape_cuts_none_of_its_filters_and_says_all_below(
    rig: DesktopRig, qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp, load_theme("dark"))
    made = TimeSalesPanel(rig.context, "time_sales-1")
    holder = PanelHeader.wrap(made)
    qtbot.addWidget(holder)
    made.show_symbol("AAPL")
    controls = (made.size_min, made.side, made.prices, made.codes, made.hold, made.group)
    holder.show()
    tops = {}
    for width in (420, 256, 420):
        holder.resize(width, 300)
        rig.feed(prints=[printed(0)])
        QApplication.processEvents()
        assert holder.width() == width
        for control in controls:
            needed = max(control.minimumWidth(), control.minimumSizeHint().width())
            assert control.width() >= needed, f"{control.objectName()} is cut at {width}"
            assert control.mapTo(holder, control.rect().topRight()).x() < width
        tops[width] = len({control.mapTo(holder, QPoint()).y() for control in controls[:5]})
        assert made.summary.sizeHint().width() <= made.summary.width(), f"{made.summary.text()!r} is cut at {width}"
    assert tops == {420: 1, 256: 2}
    made.release()


def test_space_holds_the_tape_and_space_again_lets_it_run(panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(prints=[printed(0)])
    qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    rig.feed(prints=[printed(1), printed(2)])
    assert seen(panel) == ["187.00"]
    assert "held, 2 waiting" in panel.summary.text()
    qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    assert seen(panel) == ["187.02", "187.01", "187.00"]


def test_a_filter_shows_only_what_it_names_and_says_when_nothing_passes(
    panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(prints=[printed(0), printed(1, 900, Aggressor.SELL)])
    qtbot.keyClicks(panel.size_min, "500")
    assert seen(panel) == ["187.01"]
    panel.side.setCurrentIndex(1)
    assert panel.view.empty_text == "No print passes the filter."
    assert seen(panel) == []


def test_a_filter_that_cannot_be_read_is_marked_and_changes_nothing(
    panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(prints=[printed(0)])
    qtbot.keyClicks(panel.prices, "abc")
    assert panel.prices.property("invalid") == "true"
    assert panel.note.text()
    assert seen(panel) == ["187.00"]


def test_a_click_on_a_print_points_the_price_cursor(panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(prints=[printed(0), printed(1)])
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 4))
    assert rig.context.cursor.price("AAPL") == 18_701


def test_the_pointer_over_the_list_holds_it_until_it_leaves(
    panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(prints=[printed(0)])
    qtbot.mouseMove(panel.view.viewport(), QPoint(30, 30))
    qtbot.waitUntil(lambda: panel.tape is not None and panel.tape.held)
    rig.feed(prints=[printed(1)])
    assert seen(panel) == ["187.00"]
    QApplication.sendEvent(panel.view.viewport(), QEvent(QEvent.Type.Leave))
    assert seen(panel)[0] == "187.01"


def test_a_stale_market_is_said_with_its_age(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    rig.feed(quotes=[quote(freshness="STALE", age_ms=7_300)], prints=[printed(0)])
    assert "Stale for 7.3 s" in panel.note.text()
    assert panel.view.stale


def test_a_feed_that_was_away_leaves_a_line_with_the_length(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    rig.feed(prints=[printed(0)])
    rig.feed(status=status(feed_state="DOWN", now_ns=START_NS))
    assert "prices as of" in panel.note.text()
    rig.feed(status=status(now_ns=START_NS + 4 * SECOND))
    assert seen(panel)[0] == "no feed for 4.0 s"


def test_the_filter_comes_back_with_the_layout(panel: TimeSalesPanel, qtbot: QtBot) -> None:
    kept = {"size": "5", "side": "SELL", "prices": "187-188", "codes": "-T", "grouped": True}
    panel.restore_settings(kept)
    QApplication.processEvents()
    assert panel.save_settings() == kept
    assert panel.tape is not None
    assert panel.tape.filter.side == "SELL"


def test_split_prints_are_grouped_by_a_press_and_keep_so_on_another_instrument(
    panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    parts = [Trade("AAPL", 18_700 + n, 100, Aggressor.BUY, f"t{n}", START_NS, START_NS) for n in range(3)]
    rig.feed(prints=parts)
    assert len(seen(panel)) == 3
    panel.group.setFocus()
    qtbot.keyClick(panel.group, Qt.Key.Key_Space)
    assert panel.view.copied() == "15:00:00.000\t187.02\t300\tBUY\t\t×3 from 187.00"
    panel.show_symbol("MSFT")
    assert panel.tape is not None
    assert panel.tape.grouped


def test_a_typed_condition_filters(panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(prints=[printed(0), Trade("AAPL", 18_705, 100, Aggressor.BUY, "o", START_NS, START_NS, "I")])
    qtbot.keyClicks(panel.codes, "-i")
    assert seen(panel) == ["187.00"]


def test_how_far_the_list_is_behind_the_feed_is_said(panel: TimeSalesPanel, rig: DesktopRig) -> None:
    rig.feed(prints=[printed(0)])
    assert "behind" not in panel.summary.text()
    now = rig.clock.mono_ns()
    rig.feed(status=status(now_ns=START_NS + SECOND, mono_ns=now))
    late = Trade("AAPL", 18_701, 1, Aggressor.BUY, "l", START_NS, START_NS + SECOND - 250_000_000)
    rig.feed(prints=[late])
    assert panel.summary.text().endswith("· 250 ms behind the feed")
    rig.feed(prints=[Trade("AAPL", 18_701, 1, Aggressor.BUY, "m", START_NS, START_NS + SECOND)])
    assert panel.summary.text().endswith("· 250 ms behind the feed"), "the worst of a second stays"
    rig.clock.advance(2 * SECOND)
    rig.feed(prints=[Trade("AAPL", 18_701, 1, Aggressor.BUY, "n", START_NS, START_NS + 3 * SECOND)])
    assert panel.summary.text().endswith("· 0 ms behind the feed")


def test_ctrl_c_copies_the_prints_that_are_seen_tab_separated(
    panel: TimeSalesPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(prints=[printed(0), printed(1, 300, Aggressor.SELL, 18_698)])
    panel.activateWindow()
    panel.view.setFocus()
    QApplication.clipboard().clear()
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    newest, oldest = QApplication.clipboard().text().split("\n")
    assert newest.split("\t")[1:4] == ["186.99", "300", "SELL"]
    assert oldest.split("\t")[1:3] == ["187.00", "100"]


@pytest.mark.parametrize(("text_scale", "size"), [(1.0, (260, 200)), (1.5, (260, 270)), (1.5, (200, 210))])
def test_filters_of_a_low_tape_stand_behind_a_button_so_that_there_are_prints_to_read(
    rig: DesktopRig, qtbot: QtBot, qapp: QApplication, text_scale: float, size: tuple[int, int]
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    made = TimeSalesPanel(rig.context, "time_sales-3")
    holder = PanelHeader.wrap(made)
    qtbot.addWidget(holder)
    try:
        made.show_symbol("AAPL")
        holder.resize(*size)
        holder.show()
        rig.feed(prints=[printed(number) for number in range(40)])
        settle()
        assert not made.size_min.isVisible()
        assert made.view.rows >= 4
        assert cut_words(holder) == []
        qtbot.mouseClick(made.fold, Qt.MouseButton.LeftButton)
        settle()
        assert all(part.isVisible() for part in (made.size_min, made.side, made.prices, made.codes, made.group))
        assert cut_words(made.fold.popup) == []
        qtbot.keyClicks(made.size_min, "200")
        assert seen(made) == []
        qtbot.keyClick(made.fold.popup, Qt.Key.Key_Escape)
        assert made.fold.text() == "Filter on", "what hides prints is said"
        holder.resize(420, 700)
        settle()
        assert made.size_min.isVisible()
        assert made.group.isVisible()
        assert not made.fold.isVisible()
        assert cut_words(holder) == []
    finally:
        made.release()
        apply_theme(qapp, load_theme("dark"))


def test_words_that_come_above_a_tape_fold_nothing(rig: DesktopRig, qtbot: QtBot) -> None:
    made = TimeSalesPanel(rig.context, "time_sales-5")
    holder = PanelHeader.wrap(made)
    qtbot.addWidget(holder)
    made.show_symbol("AAPL")
    holder.resize(380, 250)
    holder.show()
    settle()
    rig.feed(status=status(now_ns=START_NS, feed_state="DOWN", venue_state="DOWN"))
    rig.clock.advance(20 * SECOND)
    rig.feed()
    settle()
    assert made.note.text()
    assert made.size_min.isVisible()
    made.release()


def settle() -> None:
    """Let bars take or give back their lines."""
    for _ in range(4):
        QApplication.processEvents()


def test_ctrl_f_opens_the_filters_of_a_low_tape(rig: DesktopRig, qtbot: QtBot) -> None:
    made = TimeSalesPanel(rig.context, "time_sales-4")
    holder = PanelHeader.wrap(made)
    qtbot.addWidget(holder)
    holder.resize(260, 180)
    with qtbot.waitActive(holder):
        holder.show()
        holder.activateWindow()
    settle()
    made.view.setFocus()
    qtbot.keyClick(made.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert made.fold.popup.isVisible()
    assert made.size_min.isVisible()
    made.fold.popup.hide()
    made.release()


def test_beside_a_print_stand_only_words_that_have_room_whole() -> None:
    assert whole_words("▲ buy 3 prints", 14) == "▲ buy 3 prints"
    assert whole_words("▲ buy 3 prints", 9) == "▲ buy 3"
    assert whole_words("▲ buy", 4) == "▲"
    assert whole_words("▲ buy", 0) == ""
