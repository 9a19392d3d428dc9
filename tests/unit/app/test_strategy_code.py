"""What code there is to run: the user's files before the shipped examples, without what others build on."""

from __future__ import annotations

import builtins
from pathlib import Path
from queue import SimpleQueue

import pytest

from workstation.app.isolation import described
from workstation.app.strategies import CodeFolder
from workstation.domain.errors import UserError
from workstation.strategies.describing import CodeShape

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


def offered(path: Path, entry_point: str, source: str) -> tuple[CodeShape | None, str]:
    (path / f"{entry_point.partition(':')[0]}.py").write_text(source)
    told: SimpleQueue[tuple[CodeShape | None, str]] = SimpleQueue()
    code = folder(path)
    code.describe(entry_point, lambda shape, trouble: told.put((shape, trouble)))
    answer = told.get(timeout=60)
    code.close()
    return answer


LOUD = """
import builtins
from workstation.strategies.api import Strategy, StrategyParameters

builtins.loud_was_run = True
print("much")


class Loud(Strategy):
    '''Is heard.'''

    class Parameters(StrategyParameters):
        count: int = 3
"""


def test_what_code_offers_is_asked_without_running_it_here(tmp_path: Path) -> None:
    shape, trouble = offered(tmp_path, "loud:Loud", LOUD)
    assert trouble == ""
    assert shape is not None
    assert (shape.says, [field.name for field in shape.parameters]) == ("Is heard.", ["count"])
    assert not hasattr(builtins, "loud_was_run")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("class Loud(:\n", "loud.py, line 1: invalid syntax"),
        ("\nimport not_there_at_all\n", "loud.py, line 2: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("def name():\n    raise KeyError(3)\n\nname()\n", "loud.py, line 2: KeyError: 3"),
        ("count = 1\n", "loud has no strategy Loud"),
        (
            LOUD + "    policy = 'flatten'\n",
            "Loud.policy is 'flatten' (allowed: Policy.KEEP, Policy.CANCEL, Policy.FLATTEN)",
        ),
        ("import os\nos._exit(3)\n", "loud:Loud ended its process as it was loaded"),
    ],
)
def test_code_that_cannot_be_loaded_says_where(
    tmp_path: Path, source: str, words: str, logged: list[dict[str, object]]
) -> None:
    shape, trouble = offered(tmp_path, "loud:Loud", source)
    assert shape is None
    assert words in trouble
    assert [line["event"] for line in logged] == ["strategy_not_loaded"]


def test_code_that_never_ends_loading_is_ended(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text("while True:\n    pass\n")
    code = folder(tmp_path)
    read = code.read("loud:Loud", "", runs=False)
    code.close()
    with pytest.raises(UserError, match=r"did not load within 0\.1 s"):
        described(read, 0.1)
