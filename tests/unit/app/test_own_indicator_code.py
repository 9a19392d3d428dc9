"""Own indicators beside a strategy's code: read with it, known by one hash with it, and refused in words."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.helpers.own_code import CROSSING, SPAN, OwnHome
from workstation.app import strategies as loading
from workstation.app.isolation import described
from workstation.app.time_limit import ImportTookTooLong
from workstation.domain.errors import UserError, ValidationError
from workstation.strategies.code_text import OwnName, OwnPart, joined, own_names, own_words, parts_of
from workstation.strategies.importing import trouble_of


@pytest.fixture
def home(tmp_path: Path) -> OwnHome:
    return OwnHome(tmp_path)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


NAMING = '''"""Tells of own.other.Other in passing."""
a = "own.span.Span"
b = ["own.span.Span.high"]
c = "own." + "half.Half"
d: "own.my-file.Kind" = 3
e = "own.up/../x.Y"
'''


def test_a_strategy_names_own_indicators_by_whole_ids_in_its_file() -> None:
    assert own_names(NAMING) == (OwnName("my-file", "Kind"), OwnName("span", "Span"))
    assert own_names(NAMING)[1].id == "own.span.Span"
    assert own_names("def (") == ()


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_one_text_holds_the_files_and_their_hashes_and_gives_them_back(end: str) -> None:
    parts = (OwnPart("a", sha("x = 1"), "x = 1"), OwnPart("b-c", sha("y\n"), "y\n"))
    text = joined(f"z = 1{end}", parts)
    assert parts_of(text) == (f"z = 1{end}", parts)
    assert sha("x = 1") in text
    assert own_words(text) == f"indicators/a.py {sha('x = 1')[:12]}, indicators/b-c.py {sha(chr(121) + chr(10))[:12]}"
    assert parts_of("z = 1") == ("z = 1", ())


def test_a_file_that_looks_like_two_is_refused() -> None:
    with pytest.raises(ValidationError, match="which only the program writes"):
        joined(f"x = 1\n# ---- indicators/a.py sha256 {'0' * 64}\n", ())


def test_the_code_of_a_strategy_is_its_file_with_the_indicators_that_it_names(home: OwnHome) -> None:
    home.own("raise SystemExit", "unnamed.py")
    code = home.read()
    assert parts_of(code.source) == (CROSSING, (OwnPart("span", sha(SPAN), SPAN),))
    assert code.code_hash == sha(code.source) != sha(CROSSING)
    assert [found.lines for found in code.own.values()] == [("high", "low")]
    assert list(code.own) == ["own.span.Span"]


def test_the_code_of_a_strategy_without_any_is_its_file(home: OwnHome) -> None:
    text = CROSSING.replace("own.span.Span", "sma")
    home.strategy(text)
    code = home.read()
    assert (code.source, code.code_hash, code.own) == (text, sha(text), {})


def test_an_edited_indicator_is_other_code_and_what_ran_is_kept(home: OwnHome) -> None:
    before = home.read()
    home.kept[before.code_hash] = before.source
    home.own(SPAN.replace("figure(3,", "figure(4,"))
    assert home.read().code_hash != before.code_hash
    again = home.read(before.code_hash)
    assert (again.source, again.code_hash) == (before.source, before.code_hash)
    assert again.own["own.span.Span"].parameters[0].default == 3
    home.forget_own()
    assert home.read(before.code_hash).own["own.span.Span"].parameters[0].default == 3
    (home.path / "strategies" / "crossing.py").unlink()
    assert home.read(before.code_hash).source == before.source
    home.kept.clear()
    with pytest.raises(UserError, match="its code was not kept"):
        home.read(before.code_hash)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("class Span(:\n", "indicators/span.py, line 1: invalid syntax"),
        (
            SPAN.replace("figure(3,", "figure(1 / 0,"),
            "indicators/span.py, line 11: ZeroDivisionError: division by zero",
        ),
        (SPAN.replace("class Span", "class Other"), "indicators/span.py has no own indicator Span"),
        (SPAN.replace("Span(OwnIndicator)", "Span"), "indicators/span.py has no own indicator Span"),
        (SPAN.replace("figure(3,", "figure(99,"), "bars: 99 is out of its own range"),
        (f"{SPAN}\nraise SystemExit\n", "indicators/span.py ends the program when it is imported"),
    ],
)
def test_an_indicator_that_cannot_be_loaded_says_where(home: OwnHome, own: str, words: str) -> None:
    home.own(own)
    with pytest.raises(Exception, match=r".") as refused:
        home.read()
    assert words in trouble_of(refused.value, "crossing:Crossing")


def test_an_indicator_whose_file_is_gone_is_named_before_anything_runs(home: OwnHome) -> None:
    home.forget_own()
    for runs in (True, False):
        with pytest.raises(ValidationError, match=r"own\.span\.Span is named, but there is no indicators/span\.py"):
            home.read(runs=runs)


def test_an_import_that_does_not_end_is_interrupted(home: OwnHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "IMPORT_S", 0.05)
    home.own(f"{SPAN}\nwhile True:\n    pass\n")
    with pytest.raises(ImportTookTooLong) as ended:
        home.read()
    assert "indicators/span.py, line 2" in trouble_of(ended.value, "crossing:Crossing")


def test_what_a_strategy_offers_is_asked_without_its_indicators(home: OwnHome) -> None:
    home.own("raise KeyError(3)\n")
    shape = described(home.read(runs=False))
    assert [field.name for field in shape.parameters] == ["symbol", "interval", "bars"]
