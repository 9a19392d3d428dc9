"""The vault: what it keeps comes back, nothing of it can be read, and what is wrong or damaged is told apart."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from workstation.config.vault import Cost, Vault, VaultDamaged, VaultDoor, WrongPassphrase
from workstation.domain.errors import UserError

CHEAP = Cost(memory_kib=32, iterations=1, lanes=1)
PASSPHRASE = "correct horse"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets.vault"


@pytest.fixture
def vault(path: Path) -> Vault:
    made = Vault.create(path, PASSPHRASE, CHEAP)
    made.keep("mail", "opensesame")
    return made


def test_the_library_derives_by_argon2id_as_rfc_9106_has_it() -> None:
    kdf = Argon2id(
        salt=bytes([2] * 16),
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=bytes([4] * 12),
        secret=bytes([3] * 8),
    )
    expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert kdf.derive(bytes([1] * 32)).hex() == expected, "section 5.3"


def test_what_is_kept_comes_back_and_can_be_forgotten(path: Path, vault: Vault) -> None:
    assert vault.secret("mail") == "opensesame"
    again = Vault.unlock(path, PASSPHRASE)
    assert (again.secret("mail"), again.secret("other")) == ("opensesame", "")
    again.keep("mail", "")
    assert Vault.unlock(path, PASSPHRASE).secret("mail") == ""


def test_neither_secret_nor_name_nor_passphrase_stands_in_the_file_which_is_the_users_alone(
    path: Path, vault: Vault
) -> None:
    content = path.read_bytes()
    for word in (b"opensesame", b"mail", PASSPHRASE.encode()):
        assert word not in content
    assert vault.secret("mail")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.with_name(path.name + ".new").touch(0o644)
        vault.keep("mail", "again")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_write_takes_another_nonce(path: Path, vault: Vault) -> None:
    first = msgspec.json.decode(path.read_bytes())
    vault.keep("mail", "opensesame")
    second = msgspec.json.decode(path.read_bytes())
    assert first["nonce"] != second["nonce"]
    assert first["salt"] == second["salt"]


def test_a_wrong_passphrase_is_no_damage_and_changes_nothing(path: Path, vault: Vault) -> None:
    before = path.read_bytes()
    with pytest.raises(WrongPassphrase, match="the passphrase is wrong"):
        Vault.unlock(path, "battery staple")
    assert path.read_bytes() == before
    assert vault.secret("mail") == "opensesame"


@given(st.data())
def test_a_file_of_which_any_byte_is_another_gives_no_secret_and_stays(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("vault") / "secrets.vault"
    Vault.create(path, PASSPHRASE, CHEAP).keep("mail", "opensesame")
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 2))
    content[place] ^= data.draw(st.sampled_from([1, 2, 4, 8, 16, 32]))
    path.write_bytes(bytes(content))
    try:
        opened = Vault.unlock(path, PASSPHRASE)
    except (VaultDamaged, WrongPassphrase):
        pass
    else:
        assert opened.secret("mail") == "opensesame", "white space, or bits of base64 that mean nothing"
    assert path.read_bytes() == bytes(content)


@pytest.mark.parametrize("content", [b"", b"{}", b"not a vault", b"\x00" * 64])
def test_what_is_no_vault_is_refused_and_not_written_over(path: Path, vault: Vault, content: bytes) -> None:
    path.write_bytes(content)
    for wish in (
        lambda: Vault.unlock(path, PASSPHRASE),
        lambda: vault.keep("mail", "new"),
        lambda: vault.change_passphrase(PASSPHRASE, "another one"),
    ):
        with pytest.raises(VaultDamaged, match="damaged and is left as it is"):
            wish()
    assert path.read_bytes() == content
    assert vault.secret("mail") == "opensesame"


def test_a_cut_data_part_is_damage_though_the_passphrase_is_right(path: Path, vault: Vault) -> None:
    found = msgspec.json.decode(path.read_bytes())
    found["data"] = found["data"][:-8] + "AAAAAAA="
    path.write_bytes(msgspec.json.encode(found))
    with pytest.raises(VaultDamaged):
        Vault.unlock(path, PASSPHRASE)
    assert vault.secret("mail")


def test_a_cost_that_would_take_the_machine_down_is_not_paid(path: Path, vault: Vault) -> None:
    found = msgspec.json.decode(path.read_bytes())
    for name, value in (("memory_kib", 1 << 30), ("iterations", 10**9), ("lanes", 10**6)):
        path.write_bytes(msgspec.json.encode(found | {"cost": found["cost"] | {name: value}}))
        with pytest.raises(VaultDamaged):
            Vault.unlock(path, PASSPHRASE)
    assert Cost() == Cost(65_536, 3, 4), "RFC 9106, section 4, the second recommendation"
    assert vault.secret("mail")


def test_another_passphrase_opens_it_from_then_on_with_another_salt(path: Path, vault: Vault) -> None:
    before = msgspec.json.decode(path.read_bytes())["salt"]
    with pytest.raises(WrongPassphrase):
        vault.change_passphrase("battery staple", "another one")
    with pytest.raises(UserError, match="too short: at least 8"):
        vault.change_passphrase(PASSPHRASE, "short")
    assert Vault.unlock(path, PASSPHRASE).secret("mail") == "opensesame"
    vault.change_passphrase(PASSPHRASE, "another one")
    assert msgspec.json.decode(path.read_bytes())["salt"] != before
    assert Vault.unlock(path, "another one").secret("mail") == "opensesame"
    with pytest.raises(WrongPassphrase):
        Vault.unlock(path, PASSPHRASE)
    vault.keep("mail", "new")
    assert Vault.unlock(path, "another one").secret("mail") == "new"


def test_two_programs_lose_nothing_of_each_other_and_see_a_new_passphrase(path: Path, vault: Vault) -> None:
    other = Vault.unlock(path, PASSPHRASE)
    other.keep("broker", "xyz")
    vault.keep("mail", "new")
    assert (vault.secret("broker"), Vault.unlock(path, PASSPHRASE).secret("broker")) == ("xyz", "xyz")
    other.change_passphrase(PASSPHRASE, "another one")
    with pytest.raises(UserError, match="another passphrase by now"):
        vault.keep("mail", "lost")


def test_a_vault_is_not_made_over_another_nor_with_a_short_passphrase(path: Path, vault: Vault) -> None:
    with pytest.raises(UserError, match="there is a vault already"):
        Vault.create(path, PASSPHRASE, CHEAP)
    with pytest.raises(UserError, match="too short"):
        Vault.create(path.with_name("other"), "1234567", CHEAP)
    assert not path.with_name("other").exists()
    assert vault.secret("mail")


def test_a_write_that_fails_keeps_what_was(path: Path, vault: Vault) -> None:
    path.with_name(path.name + ".new").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        vault.keep("mail", "lost")
    assert vault.secret("mail") == Vault.unlock(path, PASSPHRASE).secret("mail") == "opensesame"


def test_each_wrong_passphrase_closes_the_door_for_longer_and_the_right_one_opens_it(path: Path, vault: Vault) -> None:
    now = [100.0]
    door = VaultDoor(path, lambda: now[0])
    assert (door.exists, door.vault) == (True, None)
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        with pytest.raises(WrongPassphrase, match=f"wrong; the next is tried in {pause} s"):
            door.unlock("battery staple")
        assert door.wait_s == pause
        with pytest.raises(WrongPassphrase, match="not tried"):
            door.unlock(PASSPHRASE)
        now[0] += pause
    door.unlock(PASSPHRASE)
    assert door.vault is not None
    assert door.vault.secret("mail") == vault.secret("mail")
    with pytest.raises(WrongPassphrase, match="in 1 s"):
        door.change_passphrase("battery staple", "another one")
