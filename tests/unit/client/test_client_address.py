"""The program is found by its token file, and the token is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from workstation.api.token_file import KnownAccount, TokenFile, write_token_file
from workstation.client import Client, NotRunning, find
from workstation.client.address import HOME_VARIABLE, default_home


def published(home: Path, token: str = "a" * 64) -> None:
    account = KnownAccount(account="SIM-1", id="9d6baa1a-2b27-49ab-84b4-0d5cefd6a03d", environment="SIM")
    entry = TokenFile(
        schema=1, url="http://127.0.0.1:1", port=1, token=token, pid=1, started_at="", accounts=(account,)
    )
    write_token_file(home / "api-token.json", entry)


def test_the_home_is_the_one_that_the_program_uses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    assert default_home() == Path(platformdirs.user_data_dir("workstation", appauthor=False))
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert default_home() == tmp_path


def test_the_file_that_the_program_writes_is_read(tmp_path: Path) -> None:
    published(tmp_path)
    address = find(tmp_path)
    assert address.url == "http://127.0.0.1:1"
    assert address.accounts[0].account == "SIM-1"
    assert address.token not in repr(address)


def test_an_account_is_known_by_name_and_the_first_one_without(tmp_path: Path) -> None:
    published(tmp_path)
    with Client(tmp_path) as client:
        assert client.account_id() == client.account_id("SIM-1") == client.accounts[0].id
        with pytest.raises(LookupError, match="SIM-1"):
            client.account_id("LIVE")


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_without_a_readable_file_nothing_runs(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "api-token.json").write_bytes(content)
    with pytest.raises(NotRunning, match=tmp_path.name):
        Client(tmp_path)
