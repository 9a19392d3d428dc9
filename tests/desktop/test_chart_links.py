"""What charts share: drawings kept in a file for each instrument, and the crosshair of a link group."""

from __future__ import annotations

from pathlib import Path

from workstation.desktop.chart_links import ChartLinks
from workstation.viewmodels.drawings import DrawingKind, Point

LINE = (Point(1_000, 187.25), Point(2_000, 188.5))


def test_drawings_are_in_the_file_after_each_change_and_there_at_the_next_start(tmp_path: Path) -> None:
    links = ChartLinks(tmp_path / "drawings")
    links.book("AAPL").add(DrawingKind.TREND_LINE, LINE)
    file = tmp_path / "drawings" / "AAPL.txt"
    assert file.read_text(encoding="utf-8") == "trend-line 1000 187.25 2000 188.5\n"
    again = ChartLinks(tmp_path / "drawings")
    assert again.book("AAPL").drawings == links.book("AAPL").drawings
    assert again.book("AAPL") is again.book("AAPL")
    again.book("AAPL").undo()
    again.book("AAPL").clear()
    assert file.read_text(encoding="utf-8") == ""
    assert list(file.parent.glob("*.new")) == []


def test_a_symbol_with_a_slash_stays_inside_the_folder(tmp_path: Path) -> None:
    ChartLinks(tmp_path).book("../BTC/USDT").add(DrawingKind.HORIZONTAL, LINE[:1])
    assert [path.name for path in tmp_path.iterdir()] == ["..%2FBTC%2FUSDT.txt"]


def test_a_folder_that_cannot_be_written_is_told_of_and_the_drawing_stays(tmp_path: Path) -> None:
    blocked = tmp_path / "drawings"
    blocked.write_text("a file where the folder should be")
    told: list[str] = []
    book = ChartLinks(blocked, told.append).book("AAPL")
    book.add(DrawingKind.HORIZONTAL, LINE[:1])
    assert len(book.drawings) == 1
    assert "AAPL are not saved" in told[-1]


def test_a_crosshair_is_told_with_its_panel_and_group_until_the_listener_ends() -> None:
    links, told = ChartLinks(), []
    end = links.listen(lambda *said: told.append(said))
    links.point("chart-1", "A", 5)
    end()
    links.point("chart-1", "A", None)
    assert told == [("chart-1", "A", 5)]
