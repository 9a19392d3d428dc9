"""A library that is missing or was built for another Python: the program starts without what needs it, and says why."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WRONG_BUILD = "undefined symbol: PyUnicode_New"
BOOT = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries!r}:
            raise ImportError(f"{{name}}: {wrong}")
sys.meta_path.insert(0, Broken())
sys.argv = ["workstation", *{arguments!r}]
from workstation.__main__ import main
sys.exit(main())
"""


@contextmanager
def started(home: Path, *libraries: str) -> Iterator[dict[str, Any]]:
    """Start the program without some libraries; give its ready line; end it as a service manager does."""
    arguments = ["--headless", "--home", str(home), "--api-port", "0"]
    code = BOOT.format(libraries=set(libraries), wrong=WRONG_BUILD, arguments=arguments)
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, "it did not start"
            yield json.loads(line)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


def logged(home: Path) -> str:
    return (home / "logs" / "workstation.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("libraries", [("pyarrow", "optuna", "distributed", "dask"), ("keyring",), ("pysqlite3",)])
def test_what_only_parts_need_may_be_missing(tmp_path: Path, libraries: tuple[str, ...]) -> None:
    with started(tmp_path, *libraries) as ready:
        assert ready["event"] == "ready"
        assert ready["api"], "the interface serves"
        assert ready["accounts"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no uvloop")
def test_without_the_fast_loop_the_engine_runs_on_the_slow_one_and_says_so(tmp_path: Path) -> None:
    with started(tmp_path, "uvloop") as ready:
        assert ready["api"], "the interface serves"
    assert "uvloop_missing" in logged(tmp_path)
    assert WRONG_BUILD in logged(tmp_path)


@pytest.mark.parametrize("library", ["pydantic_core", "cryptography", "h11"])
def test_a_broken_library_of_the_interface_closes_the_interface_alone_and_is_named(
    tmp_path: Path, library: str
) -> None:
    with started(tmp_path, library) as ready:
        assert ready["event"] == "ready"
        assert ready["api"] is None
        assert ready["accounts"], "accounts trade by the desktop"
    assert "rest_closed" in logged(tmp_path)
    assert WRONG_BUILD in logged(tmp_path)
