"""The board of venues in the running program: the simulator's own words, and what is off for an account here."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.product_rig import ACCOUNT, ask, running_headless
from workstation.commands.registry import NoParams
from workstation.domain.instruments import AssetClass
from workstation.ports.venue_board import VenueBoard


def test_the_board_tells_what_the_venue_says_and_what_is_off_here(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        board = ask(program, "venue.board", NoParams()).data
        assert isinstance(board, VenueBoard)
        (venue,) = board.venues
        assert venue.standing.limits_requests is False
        assert venue.standing.next_reset is not None
        line = next(row for row in board.accounts if row.account.account == ACCOUNT)
        assert line.rights is not None
        assert AssetClass.OPTION in line.rights.classes
        assert AssetClass.OPTION not in line.barred
