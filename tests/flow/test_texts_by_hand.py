"""Texts of orders that come by the desktop's door: in normal form C, and no id that a venue would refuse."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import on_engine, resting_bid
from workstation.commands.params import AnnotateOrder


def test_notes_are_one_text_for_what_looks_the_same_and_an_id_holds_nothing_hostile(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        wish = resting_bid(program)
        noted = msgspec.structs.replace(wish, notes="e\u0301", metadata={"o\u0308": "a\u0308"})
        order = ask(program, "order.submit", noted).data
        assert (order.notes, order.metadata) == ("\u00e9", {"\u00f6": "\u00e4"})
        again = AnnotateOrder(cl_ord_id=order.cl_ord_id, notes="u\u0308", metadata={"n": "n\u0303"})
        assert ask(program, "order.annotate", again).ok
        kept = on_engine(program, lambda: program.engine.core.state.book.get(order.cl_ord_id))
        assert (kept.notes, kept.metadata) == ("\u00fc", {"n": "\u00f1"})
        for name in ("e\u0301", "a\nb", "a\u202eb", "a b", "x" * 101):
            refused = ask(program, "order.submit", msgspec.structs.replace(wish, cl_ord_id=name))
            assert not refused.ok
            assert "1 to 100 of A-Z a-z 0-9 . _ : -" in refused.text
