"""Where a check or an error is silenced: rarely, and with the reason beside it."""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest

from tests.helpers.source_tree import Module, listing, modules

# The four boundaries that turn any error into a report instead of letting it end something larger than its cause.
BOUNDARIES = {
    "bus dispatch": ("workstation/kernel/bus.py",),
    "task supervisor": ("workstation/kernel/supervisor.py",),
    "REST handler": ("workstation/api/errors.py",),
    "Qt excepthook": ("workstation/desktop/excepthook.py",),
}
SILENCERS = (
    re.compile(r"#\s*(?P<kind>noqa)(?P<codes>(?::\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?)(?P<reason>.*)"),
    re.compile(r"#\s*(?P<kind>type:\s*ignore)(?P<codes>(?:\[[\w\s,-]+\])?)(?P<reason>.*)"),
    re.compile(r"#\s*(?P<kind>fmt:\s*(?:off|skip)|pragma:\s*no cover)(?P<codes>)(?P<reason>.*)"),
)
REASON_WORDS_MIN = 2
SELF_EXPLAINING = "fmt: skip"  # beside a table, the layout is the reason


def silenced(module: Module) -> list[str]:
    """Return a problem for each comment that silences a check without its code or without words that say why."""
    problems = []
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for found in filter(None, (silencer.search(token.string) for silencer in SILENCERS)):
            if found["kind"] == SELF_EXPLAINING:
                continue
            if len(re.findall(r"\w+", found["reason"])) < REASON_WORDS_MIN or not found["codes"]:
                problems.append(f"{module.path}:{token.start[0]}: {token.string.strip()}")
    return problems


def broad_handlers(module: Module) -> list[ast.ExceptHandler]:
    """Return the handlers that swallow everything, so not those that pass the error on."""
    handlers = [node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler)]
    return [node for node in handlers if is_broad(node.type) and not passes_on(node)]


def is_broad(caught: ast.expr | None) -> bool:
    """Tell whether a handler's type is everything, alone or in a tuple."""
    if isinstance(caught, ast.Tuple):
        return any(is_broad(part) for part in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def passes_on(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler ends in a bare `raise`, or hands the error to whoever waits for a future."""
    last = handler.body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and isinstance(last.value.func, ast.Attribute):
        return last.value.func.attr == "set_exception"
    return isinstance(last, ast.Raise) and last.exc is None


def test_a_silenced_check_has_its_code_and_its_reason_beside_it() -> None:
    problems = [problem for module in modules("workstation", "packaging", "tests") for problem in silenced(module)]
    assert not problems, "write `# noqa: CODE - why` or `# type: ignore[code]  # why`:" + listing(problems)


def test_everything_is_caught_at_the_four_boundaries_alone() -> None:
    allowed = {path for paths in BOUNDARIES.values() for path in paths}
    swallowing = [(module, node) for module in modules("workstation") for node in broad_handlers(module)]
    problems = [module.at(node) for module, node in swallowing if module.path not in allowed]
    assert not problems, "catch what can happen here, by its family in domain/errors.py:" + listing(problems)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("try:\n    f()\nexcept:\n    g()", 1),
        ("try:\n    f()\nexcept Exception:\n    g()", 1),
        ("try:\n    f()\nexcept (ValueError, BaseException) as e:\n    g()", 1),
        ("try:\n    f()\nexcept BaseException:\n    g()\n    raise", 0),
        ("try:\n    f()\nexcept BaseException as e:\n    future.set_exception(e)", 0),
        ("try:\n    f()\nexcept ValueError:\n    g()", 0),
    ],
)
def test_a_handler_is_broad_when_it_swallows_everything(source: str, count: int) -> None:
    assert len(broad_handlers(Module("planted.py", source, ast.parse(source)))) == count


@pytest.mark.parametrize(
    ("comment", "count"),
    [
        ("noqa", 1),
        ("noqa: S101", 1),
        ("noqa: S101, S102 - the caller has checked it", 0),
        ("type: ignore[attr-defined]", 1),
        ("type: ignore", 1),
        ("type: ignore[attr-defined]  # the stub lacks this signal", 0),
    ],
)
def test_a_silencer_without_code_or_reason_is_caught(comment: str, count: int) -> None:
    source = f"x = 1  # {comment}\n"
    assert len(silenced(Module("planted.py", source, ast.parse(source)))) == count
