"""Strategies in the composition: code from the shipped examples or the user's folder, and the run desk beside the desk.

Files are read and imported on a thread of their own, so that a module that takes long, or fails, holds nothing up. A
module is imported anew for each start: an edited file counts from the next start on, never in a run under way. What a
file offers is asked of a process of its own: to look at code is not to run it.
"""

import ast
import importlib.resources
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workstation.app.code_files import SourceText, classes_in, own_files, read_source
from workstation.app.core import Core
from workstation.app.engine_loop import EngineLoop
from workstation.app.isolation import described, isolated_host
from workstation.app.time_limit import within
from workstation.domain.errors import UserError, ValidationError
from workstation.kernel.bus import Bus
from workstation.kernel.logs import get_logger
from workstation.strategies.code_text import FILES_MAX, FOLDER, OwnName, OwnPart, hash_of, joined, own_names
from workstation.strategies.courtesy import Courtesy
from workstation.strategies.describing import CodeShape
from workstation.strategies.importing import Aside, own_of, strategy_of, trouble_of
from workstation.strategies.loading import Code, Described, Loaded
from workstation.strategies.run_budget import RunBudget
from workstation.strategies.run_desk import RunDesk
from workstation.strategies.runner import OpenPast, Runner

RUNS_NS = 1_000_000_000
"""How often runs are looked at."""

EXAMPLES = "workstation.strategies.examples"
YIELD_S = 0.000_1
"""How soon a strategy that computes lets other threads in, while one does; at other times as it is set."""

BEHIND_FILL = 0.001
"""How full the journal's queue may be before what runs ask for waits a moment: twenty events, some milliseconds of
writing that an order given meanwhile would stand behind."""

IMPORT_S = 20.0
"""Longest that a strategy with its own indicators may take to be imported."""

SHAPES_MAX = 100
"""Descriptions of code that are remembered, by what the code is."""

CLOSE_S = 2.0
"""How long the end of the program waits for each run's thread."""

_ENTRY = re.compile(r"([a-z_][a-z0-9_]{0,63}):([A-Za-z_][A-Za-z0-9_]{0,63})")
_log = get_logger("strategies")

Past = Callable[[str], str | None]
"""Source that is kept of a hash, None where there is none."""


class CodeFolder:
    """Loads `module:Class` from the user's folder, else from the shipped examples; see `loading.Loader`.

    Own indicators that it names come from the folder beside the user's. aside: called at every turn of a loop of what
    is loaded.
    """

    def __init__(
        self, folder: Path | None, post: Callable[[Callable[[], None]], None], past: Past, aside: Aside | None = None
    ) -> None:
        self._folder, self._post, self._past, self._aside = folder, post, past, aside
        self._pool = ThreadPoolExecutor(1, "strategy-code")
        self._shapes: dict[tuple[str, str], CodeShape] = {}
        self._guard = Bus(lambda _entry, error: _log.warning("strategy_not_loaded", error=repr(error))).guard

    def load(self, entry_point: str, code_hash: str, done: Loaded, *, runs: bool = True) -> None:
        """Load off the engine's thread; `done` is called on it."""

        def work() -> None:
            found: list[Code] = []
            error = self._guard(entry_point, lambda: found.append(self.read(entry_point, code_hash, runs=runs)))
            if error is None:
                self._post(lambda: done(found[0], ""))
                return
            words = trouble_of(error, entry_point)
            self._post(lambda: done(None, words))

        self._pool.submit(work)

    def describe(self, entry_point: str, done: Described) -> None:
        """Ask off the engine's thread what code offers; `done` is called on it."""

        def work() -> None:
            found: list[CodeShape] = []
            error = self._guard(entry_point, lambda: found.append(self.shape(entry_point)))
            words = "" if error is None else trouble_of(error, entry_point)
            self._post(lambda: done(found[0] if found else None, words))

        self._pool.submit(work)

    def shape(self, entry_point: str) -> CodeShape:
        """Return what code offers as its file stands, on the caller's thread; the file runs in another process.

        Raises:
            UserError: it cannot be loaded.
        """
        code = self.read(entry_point, "", runs=False)
        key = (entry_point, code.code_hash)
        if key not in self._shapes:
            if len(self._shapes) >= SHAPES_MAX:
                self._shapes.clear()
            self._shapes[key] = described(code)
        return self._shapes[key]

    def read(self, entry_point: str, code_hash: str, *, runs: bool = True) -> Code:
        """Return the code now, on the caller's thread. runs: False to read it only.

        Raises:
            UserError: no such module or class, or the code of that hash is gone.
            Exception: whatever the module raises on import.
        """
        parts = _ENTRY.fullmatch(entry_point)
        if parts is None:
            raise ValidationError("entry_point", f"{entry_point!r} is none", allowed="module:Class")
        source, found = self._source(parts.group(1)) if not code_hash else self._kept(parts.group(1), code_hash)
        from workstation.strategies.api import Strategy  # noqa: PLC0415  the window stands before it is loaded

        if not runs:
            return Code(strategy=Strategy, entry_point=entry_point, code_hash=found, source=source, is_read_only=True)

        def imported() -> Code:
            kind, own = strategy_of(entry_point, source, found, self._aside), own_of(source, self._aside)
            return Code(strategy=kind, entry_point=entry_point, code_hash=found, source=source, own=own)

        return within(IMPORT_S, imported)

    def look(self, done: Callable[[tuple[str, ...]], None]) -> None:
        """Look off the engine's thread what can be run; `done` is called on it."""

        def work() -> None:
            found: list[str] = []
            self._guard("entries", lambda: found.extend(self.entries()))
            self._post(lambda: done(tuple(found)))

        self._pool.submit(work)

    def entries(self) -> list[str]:
        """Return what can be run, as `module:Class`; modules are looked at, never imported."""
        shipped = sorted(Path(str(importlib.resources.files(EXAMPLES))).glob("[a-z]*.py"))
        found: dict[str, None] = {}
        for file in (*own_files(self._folder), *shipped):
            try:
                tree = ast.parse(file.read_text(encoding="utf-8"))
            except (OSError, SyntaxError, ValueError):
                continue
            found.update((f"{file.stem}:{name}", None) for name in classes_in(tree, "Strategy"))
        return list(found)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _kept(self, module: str, code_hash: str) -> SourceText:
        """Return the code of a hash: what the files hold now where it is that, else what was kept of it."""
        try:
            now: SourceText | None = self._source(module)
        except ValidationError:
            now = None  # a file is gone; what ran is kept
        if now is not None and now.code_hash == code_hash:
            return now
        kept = self._past(code_hash)
        if kept is None:
            raise UserError(f"{module} has changed since the run began, and its code was not kept")
        return SourceText(kept, code_hash)

    def _source(self, module: str) -> SourceText:
        """Return the code of a module as the files hold it: with the own indicators that it names."""
        own = None if self._folder is None else self._folder / f"{module}.py"
        shipped = Path(str(importlib.resources.files(EXAMPLES))) / f"{module}.py"
        file = read_source(own if own is not None and own.is_file() else shipped)
        named = {name.module: name for name in own_names(file.text)}
        if not named:
            return file
        if len(named) > FILES_MAX:
            raise ValidationError("indicator", f"{module} names {len(named)} files", allowed=f"at most {FILES_MAX}")
        text = joined(file.text, [self._part(name) for name in named.values()])
        return SourceText(text, hash_of(text))

    def _part(self, name: OwnName) -> OwnPart:
        file = None if self._folder is None else self._folder.parent / FOLDER / f"{name.module}.py"
        if file is None or not file.is_file():
            raise ValidationError("indicator", f"{name.id} is named, but there is no {FOLDER}/{name.module}.py")
        source = read_source(file)
        return OwnPart(name.module, source.code_hash, source.text)


class _Yielding:
    """Lets threads take turns sooner while a strategy computes: an order crosses several, and waits at each."""

    def __init__(self) -> None:
        self._usual = 0.0

    def __call__(self, burning: bool) -> None:
        """Take turns sooner, or as before."""
        if burning:
            self._usual = sys.getswitchinterval()
        sys.setswitchinterval(min(YIELD_S, self._usual) if burning else self._usual)


class Strategies:
    """The run desk of a core, with the runner and the code below it. past: source that is kept of a hash.

    loop: where calls of files and runs are made; open_past: see `runner.OpenPast`; courtesy: what runs ask whether
    somebody's order is under way.
    """

    def __init__(
        self,
        core: Core,
        folder: Path | None,
        loop: EngineLoop,
        past: Past,
        bounds: RunBudget,
        *,
        open_past: OpenPast,
    ) -> None:
        self.courtesy = Courtesy()
        loop.holds_behind = self._comes_later
        self._core = core
        self._code = CodeFolder(folder, loop.post, past, self.courtesy.stand_aside)
        self._runner = Runner(
            desk=core.desk,
            market=core.market,
            bus=core.bus,
            clock=core.clock,
            scheduler=core.scheduler,
            ids=core.parts.ids,
            post=loop.post_behind,
            on_burn=_Yielding(),
            isolate=isolated_host,
            aside=self.courtesy.stand_aside,
            open_past=open_past,
        )
        self.desk = RunDesk(
            desk=core.desk,
            bus=core.bus,
            runner=self._runner,
            loader=self._code,
            clock=core.clock,
            ids=core.parts.ids,
            worth=self._made,
            profit=core.pnl.unrealised,
            capital=core.gate.run_capital,
            bounds=bounds,
        )

    def _comes_later(self) -> bool:
        """Tell whether what runs ask for waits: an order of somebody's is under way, or the journal has enough."""
        return self.courtesy.is_asked() or self._core.journal.fill_ratio > BEHIND_FILL

    def end(self, *, keep: bool) -> None:
        """End every thread; runs are found again at the next start. keep: their figures are stored before."""
        if keep:
            self.desk.end()
        self._runner.close(CLOSE_S)
        self._code.close()

    def _made(self, account: str, run_id: str) -> tuple[int, int]:
        """Return what a run has made net of fees, in its account's currency, and how many positions it has open."""
        found = self._core.worth.run_profit(account, run_id)
        return found.made, found.positions
