"""Lines of alerts: an order is staged, a few verbs run, and nothing that sends, cancels, resizes or moves the focus."""

from __future__ import annotations

import pytest

from workstation.domain.errors import ValidationError
from workstation.viewmodels.alert_lines import alert_line, line_deed
from workstation.viewmodels.order_line import VERBS

REST = {"chart": "5m", "ws": "pair", "alert": "aapl last > 1", "go": "aapl", "size": "5", "lock": "1h", "c": "all"}


@pytest.mark.parametrize("line", ["b 100 aapl bid", "s all aapl 190 gtc", "chart 5m", "ws pair", "alert aapl last > 1"])
def test_what_only_stages_or_shows_may_stand_in_an_alert(line: str) -> None:
    assert alert_line(line) is not None


@pytest.mark.parametrize(
    "line", ["x", "x 50% aapl", "rev aapl", "c all", "be", "go aapl", "size 5", "undo", "lock 1h", "? aapl"]
)
def test_what_acts_on_orders_sizes_or_the_focus_is_refused(line: str) -> None:
    with pytest.raises(ValidationError, match="is not for an alert"):
        alert_line(line)


def test_every_verb_is_decided() -> None:
    lines = {"chart": "chart 5m", "ws": "ws pair", "alert": "alert aapl last > 1"}
    allowed = []
    for verb in VERBS:
        try:
            alert_line(
                lines.get(verb, {"go": "go aapl", "size": "size 5", "lock": "lock 1h", "c": "c all"}.get(verb, verb))
            )
        except ValidationError as error:
            assert "is not for an alert" in str(error), verb  # noqa: PT017  what it says matters only where it is raised
        else:
            allowed.append(verb)
    assert sorted(allowed) == ["alert", "chart", "ws"]


def test_a_line_that_cannot_be_read_names_the_column() -> None:
    with pytest.raises(ValidationError, match="column 3: expected"):
        alert_line("b ,")


def test_a_kept_line_says_what_it_does() -> None:
    deeds = [line_deed(line) for line in ("", "b 100 aapl bid", "chart 5m", "x")]
    assert deeds == ["", "stage b 100 aapl bid", "run chart 5m", "unreadable line x"]
