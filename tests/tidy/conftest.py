"""What the tests of the tidy house share: the parsed source, kept only while they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import source_tree


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Let the syntax trees go once the next test is none of this folder."""
    if nextitem is None or nextitem.path.parent != Path(__file__).parent:
        source_tree.forget()
