"""The tape: newest first, filtered, held, bounded; volume and delta of everything that passed."""

from __future__ import annotations

import pytest

from tests.desktop.test_fills_panel import fill
from tests.helpers.desktop_rig import START_NS, stock
from workstation.domain.errors import ValidationError
from workstation.domain.market import Aggressor, Trade
from workstation.viewmodels import tape as tapes
from workstation.viewmodels.tape import Tape, TapeFilter, filter_of


def printed(number: int, size: int = 100, side: Aggressor = Aggressor.BUY, symbol: str = "AAPL") -> Trade:
    moment = START_NS + number * 1_000_000
    return Trade(symbol, 18_700 + number, size, side, f"t{number}", moment, moment)


def prices(tape: Tape) -> list[str]:
    return [line.price for line in tape.lines(0, 100)]


def test_the_newest_print_stands_first_and_others_instruments_are_left() -> None:
    tape = Tape(stock())
    assert tape.take([printed(0), printed(1, symbol="MSFT"), printed(2)]) == 2
    assert prices(tape) == ["187.02", "187.00"]
    assert tape.lines(1, 1)[0].price == "187.00"
    assert (tape.price_at(0), tape.price_at(9)) == (18_702, None)


def test_volume_and_delta_count_what_the_filter_hides() -> None:
    tape = Tape(stock())
    tape.show_only(TapeFilter(size_min=200, side="SELL"))
    tape.take([printed(0, 100), printed(1, 300, Aggressor.SELL), printed(2, 50, Aggressor.SELL)])
    assert prices(tape) == ["187.01"]
    assert (tape.volume, tape.delta) == (450, -250)
    tape.show_only(TapeFilter())
    assert len(tape) == 3


def test_a_held_tape_counts_what_waits_and_shows_it_afterwards() -> None:
    tape = Tape(stock())
    tape.take([printed(0)])
    tape.hold(held=True)
    assert tape.take([printed(1), printed(2)]) == 0
    assert (tape.waiting, prices(tape)) == (2, ["187.00"])
    tape.hold(held=False)
    assert (tape.waiting, prices(tape)[0]) == (0, "187.02")


def test_prints_beyond_the_bound_leave_at_the_old_end() -> None:
    tape = Tape(stock())
    tape.take([printed(n) for n in range(tapes.PRINTS_KEPT + 5)])
    assert len(tape) == tapes.PRINTS_KEPT
    assert tape.price_at(tapes.PRINTS_KEPT - 1) == 18_705


def test_a_gap_is_a_line_with_its_length_whatever_the_filter() -> None:
    tape = Tape(stock())
    tape.show_only(TapeFilter(size_min=1_000))
    tape.mark_gap(12.5)
    assert tape.lines(0, 1)[0].price == "no feed for 12.5 s"


def test_sides_that_no_print_tells_are_said_to_be_unknown() -> None:
    tape = Tape(stock())
    tape.take([printed(0, side=Aggressor.UNKNOWN)])
    assert tape.summary() == "volume 100 · sides not told"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (("2k", "", ""), TapeFilter(size_min=2_000)),
        (("", "SELL", "187.20"), TapeFilter(side="SELL", price_low=18_720, price_high=18_720)),
        (("", "", "187-188"), TapeFilter(price_low=18_700, price_high=18_800)),
        (("", "", "-188"), TapeFilter(price_high=18_800)),
        (("", "", "187-"), TapeFilter(price_low=18_700)),
    ],
)
def test_a_filter_is_read_as_it_is_typed(typed: tuple[str, str, str], wanted: TapeFilter) -> None:
    assert filter_of(*typed, stock()) == wanted


@pytest.mark.parametrize("typed", [("x", "", ""), ("", "", "a-b"), ("1e5", "", "")])
def test_a_filter_that_cannot_be_read_is_refused(typed: tuple[str, str, str]) -> None:
    with pytest.raises(ValidationError):
        filter_of(*typed, stock())


def swept(price: int, size: int, *, at: int = 0, side: Aggressor = Aggressor.BUY, codes: str = "") -> Trade:
    moment = START_NS + at
    return Trade("AAPL", price, size, side, f"{price}-{size}", moment, moment, codes)


def grouped(*trades: Trade) -> list[tuple[str, str, str]]:
    tape = Tape(stock())
    tape.group(grouped=True)
    tape.take(trades)
    return [(line.price, line.size, line.parts) for line in tape.lines(0, 100)]


def test_prints_of_one_moment_and_side_are_one_line_with_its_whole_size() -> None:
    split = [swept(18_700, 100), swept(18_700, 200), swept(18_702, 50)]
    later = [swept(18_703, 10, at=1), swept(18_703, 20, at=1, side=Aggressor.SELL), swept(18_703, 5, at=1)]
    assert grouped(*split, *later) == [
        ("187.03", "5", ""),
        ("187.03", "20", ""),
        ("187.03", "10", ""),
        ("187.02", "350", "×3 from 187.00"),
    ]
    assert grouped(swept(18_700, 1), swept(18_700, 2)) == [("187.00", "3", "×2")]


def test_prints_whose_side_nobody_tells_stay_apart() -> None:
    unknown = next(side for side in Aggressor if side not in (Aggressor.BUY, Aggressor.SELL))
    assert len(grouped(swept(18_700, 1, side=unknown), swept(18_700, 2, side=unknown))) == 2


def test_a_line_that_grows_in_the_next_frame_is_no_new_line_and_may_pass_then() -> None:
    tape = Tape(stock())
    tape.group(grouped=True)
    tape.show_only(TapeFilter(size_min=300))
    assert tape.take([swept(18_700, 100)]) == 0
    assert tape.take([swept(18_700, 250)]) == 1
    assert tape.take([swept(18_701, 50)]) == 0
    assert [(line.size, line.parts) for line in tape.lines(0, 9)] == [("400", "×3 from 187.00")]
    tape.group(grouped=False)
    assert len(tape) == 0
    tape.show_only(TapeFilter())
    assert [line.size for line in tape.lines(0, 9)] == ["50", "250", "100"]
    tape.group(grouped=True)
    assert [line.size for line in tape.lines(0, 9)] == ["400"]


def test_a_gap_parts_what_is_grouped() -> None:
    tape = Tape(stock())
    tape.group(grouped=True)
    tape.take([swept(18_700, 100)])
    tape.mark_gap(1.0)
    tape.take([swept(18_700, 100)])
    assert [line.side for line in tape.lines(0, 9)] == ["BUY", "GAP", "BUY"]


def test_own_fills_mark_the_line_that_they_are_in() -> None:
    tape = Tape(stock())
    tape.group(grouped=True)
    tape.mark_mine(fill(last_px=18_701, last_qty=40, ts_event=START_NS))
    tape.take([swept(18_700, 60), swept(18_701, 40), swept(18_705, 40, at=5)])
    assert [line.mine for line in tape.lines(0, 9)] == [False, True]


def test_conditions_are_filtered_by_any_of_the_codes_and_without_those_with_a_minus() -> None:
    tape = Tape(stock())
    tape.take([swept(1, 1, at=0, codes="F T"), swept(2, 1, at=1, codes="I"), swept(3, 1, at=2)])

    def sizes(typed: str) -> list[int]:
        tape.show_only(filter_of("", "", "", tape.instrument, typed))
        return [tape.price_at(line) for line in range(len(tape))]

    assert sizes("i t") == [2, 1]
    assert sizes("-T") == [3, 2]
    assert sizes("f -t") == []
    assert sizes("-") == [3, 2, 1]
