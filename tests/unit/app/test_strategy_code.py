"""What code there is to run: the user's files before the shipped examples, without what others build on."""

from __future__ import annotations

from pathlib import Path

from workstation.app.strategies import CodeFolder

MINE = """
from workstation.strategies.api import Strategy, StrategyParameters

class Settings(StrategyParameters):
    pass

class Base(Strategy):
    pass

class Mine(Base):
    Parameters = Settings

class _Hidden(Strategy):
    pass
"""


def folder(path: Path) -> CodeFolder:
    return CodeFolder(path, lambda call: call(), lambda _hash: None)


def test_what_can_be_run_is_found_by_its_class_and_modules_are_not_imported_for_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "sma_cross.py").write_text("raise SystemExit\n" + MINE.replace("Mine", "Other"))
    code = folder(tmp_path)
    found = code.entries()
    code.close()
    assert found[:2] == ["mine:Mine", "sma_cross:Other"]
    assert {"sma_cross:SmaCross", "execution:Twap", "market_maker:MarketMaker"} < set(found)
    assert not {"execution:Work", "execution:WorkedOrder", "mine:Base", "mine:Settings", "mine:_Hidden"} & set(found)
