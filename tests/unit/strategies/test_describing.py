"""What a form is told of a strategy's code, and the newest lines of its runs."""

from tests.helpers.strategy_code import CodeInHand
from workstation.kernel.bus import Bus
from workstation.strategies.api import Field, Strategy, StrategyParameters
from workstation.strategies.describing import ParameterField, describe
from workstation.strategies.loading import Code
from workstation.strategies.run_tails import LINES_MAX, RUNS_MAX, RunTails
from workstation.strategies.runs import RunLine
from workstation.strategies.views import Policy


class Drifter(Strategy):
    """Follows the drift of one instrument.

    Everything after the first paragraph is for its maker.
    """

    policy = Policy.FLATTEN

    class Parameters(StrategyParameters):
        """Typed, with bounds."""

        symbol: str = "AAPL"
        bars: int = Field(20, ge=2, le=200, description="bars that are looked at")
        share: float = Field(gt=0, lt=1)
        short: bool = False
        stop: float | None = None


def test_parameters_are_told_with_type_default_bounds_and_meaning():
    shape = describe(Code(strategy=Drifter, entry_point="drift:Drifter", code_hash="", source=""))
    assert (shape.says, shape.policy) == ("Follows the drift of one instrument.", Policy.FLATTEN)
    assert shape.parameters == (
        ParameterField(name="symbol", kind="string", default="AAPL", allowed="", meaning=""),
        ParameterField(
            name="bars", kind="integer", default=20, allowed="≥ 2 and ≤ 200", meaning="bars that are looked at"
        ),
        ParameterField(name="share", kind="number", default=None, allowed="> 0 and < 1", meaning=""),
        ParameterField(name="short", kind="boolean", default=False, allowed="", meaning=""),
        ParameterField(name="stop", kind="number", default=None, allowed="", meaning=""),
    )  # fmt: skip


def test_the_newest_lines_of_the_newest_runs_are_remembered():
    bus = Bus(lambda _message, _error: None)
    tails = RunTails(bus)
    for number in range(LINES_MAX + 1):
        bus.publish(RunLine("1", "INFO", str(number), number))
    assert [line.text for line in tails.of("1")][:: LINES_MAX - 1] == ["1", str(LINES_MAX)]
    for run in range(2, RUNS_MAX + 2):
        bus.publish(RunLine(str(run), "INFO", "said", 0))
    assert tails.of("1") == ()
    assert len(tails.of("2")) == 1


def test_code_in_hand_is_found():
    found = []
    CodeInHand().look(found.append)
    assert found == [("hand:Buyer", "hand:Faulty")]
