"""Parameters of a sweep as a person writes them: `fast=5:50:5`, `kind=a,b`, `quantity=100`.

Before a search. A range includes its end where the step meets it; steps are decimal, so that 0.1:0.5:0.1 has five
values. Text in, values out; what the values mean is the strategy's schema's to say.
"""

import tomllib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from workstation.backtest.search import TRIALS_MAX
from workstation.domain.errors import ValidationError

AXES_MAX = 16


def axes_of(texts: Iterable[str]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Return the parameters with several values, and those with one.

    Raises:
        ValidationError: one is written in no such way, is named twice, or there are more than AXES_MAX axes.
    """
    axes: dict[str, list[Any]] = {}
    fixed: dict[str, Any] = {}
    for text in texts:
        name, equals, written = (part.strip() for part in text.partition("="))
        if not equals or not name or not written:
            raise ValidationError(
                "--param", f"{text!r} has no value", allowed="NAME=FROM:TO[:STEP], NAME=A,B,C, NAME=A"
            )
        if name in axes or name in fixed:
            raise ValidationError("--param", f"{name} is named twice")
        values = _values(name, written)
        if len(values) == 1:
            fixed[name] = values[0]
        else:
            axes[name] = values
    if len(axes) > AXES_MAX:
        raise ValidationError("--param", f"{len(axes)} parameters to search", allowed=f"up to {AXES_MAX}")
    return axes, fixed


def _values(name: str, written: str) -> list[Any]:
    numbers = _numbers(written.split(":"))
    if len(numbers) in {2, 3}:
        return _range(name, *numbers)
    whole = _read(written)
    if isinstance(whole, list):
        found = whole
    elif isinstance(whole, str) and "," in written and not written.startswith(("'", '"')):
        found = [_read(part.strip()) for part in written.split(",")]
    else:
        found = [whole]
    if not found:
        raise ValidationError(name, "has no value to try", allowed="one or more")
    return found


def _range(name: str, first: Decimal, last: Decimal, step: Decimal = Decimal(1)) -> list[Any]:
    if step <= 0 or last < first:
        raise ValidationError(name, "its range is empty", allowed="FROM:TO:STEP with FROM up to TO and STEP above 0")
    count = int((last - first) // step) + 1
    if count > TRIALS_MAX:
        raise ValidationError(name, f"{count} values are too many", allowed=f"up to {TRIALS_MAX}")
    values = [first + step * place for place in range(count)]
    whole = all(number == number.to_integral_value() for number in (first, step))
    return [int(value) if whole else float(value) for value in values]


def _numbers(parts: list[str]) -> list[Decimal]:
    try:
        numbers = [Decimal(part) for part in parts]
    except InvalidOperation:
        return []
    return numbers if all(number.is_finite() for number in numbers) else []


def _read(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
