"""Options of a backtest as lines of a form."""

from __future__ import annotations

import pytest

from workstation.commands.backtests import options_from
from workstation.domain.errors import ValidationError


def test_lines_are_options_by_the_names_of_the_command_line() -> None:
    lines = ["latency=order=5", "--latency = feed=1", "limit-fill=touch", "close_at_end", "protection=-3", "convert=0"]
    assert options_from(lines) == {
        "latency": ("order=5", "feed=1"),
        "limit_fill": "touch",
        "close_at_end": True,
        "protection": -3,
        "convert": "0",
    }


@pytest.mark.parametrize("line", ["report=page", "gremlins", "close-at-end=yes", "margin", "protection=x"])
def test_what_is_no_option_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        options_from([line])
