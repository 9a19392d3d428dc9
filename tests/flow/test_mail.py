"""Mail of alerts over a real SMTP server: taken, tried again, listed as failed, and no password in the clear."""

from __future__ import annotations

import datetime as dt
import io
import ssl
from pathlib import Path
from typing import Any

import keyring
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from keyring.backend import KeyringBackend

from tests.helpers.mail_server import MailServer
from tests.helpers.storage_flow import wait_for
from workstation.__main__ import main
from workstation.app.mail import Mail, Mailer, Outcome
from workstation.config.secrets import keep_secret, secret_of
from workstation.config.settings import MailSettings, load_settings
from workstation.domain.errors import UserError

MAIL = Mail("a1", "Workstation: AAPL", "Alert AAPL last > 187: holds.\n")


def settings(port: int, **changes: Any) -> MailSettings:
    fields = {
        "host": "127.0.0.1", "port": port, "security": "none", "sender": "desk@here.test", "to": ["me@there.test"],
    }  # fmt: skip
    return MailSettings(**(fields | changes))


def outcomes_of(mailer: Mailer, count: int) -> list[Outcome]:
    found: list[Outcome] = []

    def enough() -> bool:
        found.extend(mailer.outcomes())
        return len(found) >= count

    wait_for(enough)
    return found


def test_a_mail_is_taken_with_its_words_after_a_log_in() -> None:
    with MailServer() as server:
        mailer = Mailer(settings(server.port, user="desk"), lambda: "opensesame")
        mailer.post(MAIL)
        assert outcomes_of(mailer, 1) == [Outcome("a1", "Workstation: AAPL", 1, "", is_last=True)]
        mailer.close()
    [mail] = server.mails
    assert (mail["Subject"], mail["From"], mail["To"]) == ("Workstation: AAPL", "desk@here.test", "me@there.test")
    assert str(mail.get_payload()).strip() == MAIL.text.strip()
    assert server.logins == [("desk", "opensesame")]


def test_a_server_that_is_down_is_tried_again_and_the_mail_arrives_once() -> None:
    with MailServer(refusals=2) as server:
        mailer = Mailer(settings(server.port), str, waits_s=(0.0, 0.0, 0.0))
        mailer.post(MAIL)
        found = outcomes_of(mailer, 3)
        mailer.close()
    assert [(outcome.tries, outcome.is_last, bool(outcome.reason)) for outcome in found] == [
        (1, False, True), (2, False, True), (3, True, False),
    ]  # fmt: skip
    assert "come again later" in found[0].reason
    assert len(server.mails) == 1


def test_after_the_last_try_a_mail_has_failed_with_its_reason() -> None:
    with MailServer() as server:
        mailer = Mailer(settings(server.port, user="desk"), lambda: "wrong", waits_s=(0.0,))
        mailer.post(MAIL)
        found = outcomes_of(mailer, 2)
        mailer.close()
    assert [outcome.is_last for outcome in found] == [False, True]
    assert "wrong password" in found[1].reason
    assert server.mails == []


def test_a_program_that_ends_waits_for_no_pause() -> None:
    with MailServer(refusals=9) as server:
        mailer = Mailer(settings(server.port), str, waits_s=(3_600.0,))
        mailer.post(MAIL)
        outcomes_of(mailer, 1)
        mailer.close()
        assert server.mails == []


def test_no_password_goes_unencrypted_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.app.mail.LOOPBACK", frozenset())
    with MailServer() as server:
        mailer = Mailer(settings(server.port, user="desk"), lambda: "opensesame")
        with pytest.raises(OSError, match="no password is sent without encryption"):
            mailer.send(MAIL)
    assert server.logins == []


def test_a_certificate_that_nobody_vouches_for_is_refused_before_a_word_is_said(tmp_path: Path) -> None:
    with MailServer(context=self_signed(tmp_path)) as server:
        mailer = Mailer(settings(server.port, security="tls", user="desk"), lambda: "opensesame")
        with pytest.raises(ssl.SSLCertVerificationError):
            mailer.send(MAIL)
    assert (server.logins, server.mails) == ([], [])


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class Store(KeyringBackend):
    priority = 1.0  # type: ignore[assignment]  # the library reads it from the class

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.mark.usefixtures("logged")
def test_the_password_is_in_the_key_store_and_in_no_file_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, store = keyring.get_keyring(), Store()
    keyring.set_keyring(store)
    try:
        with MailServer() as server:
            file = tmp_path / "config.toml"
            file.write_text(
                f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nuser = "desk"\n'
                'sender = "a@b.test"\nto = ["c@d.test"]\n'
            )
            monkeypatch.setattr("sys.stdin", io.StringIO("opensesame\n"))
            assert main(["mail", "password", "--home", str(tmp_path)]) == 0
            assert store.kept == {("workstation", "mail"): "opensesame"}
            assert capsys.readouterr().out == f"The password is kept in {store.name}.\n"
            assert main(["mail", "test", "--home", str(tmp_path)]) == 0
            assert len(server.mails) == 1
            assert "opensesame" not in file.read_text()
            monkeypatch.setenv("WORKSTATION_SECRET_MAIL", "wrong")
            assert main(["mail", "test", "--home", str(tmp_path)]) == 1
            told = capsys.readouterr().err
            assert "wrong password" in told
            assert "warning: the password comes from WORKSTATION_SECRET_MAIL, not from a key store" in told
            assert load_settings(file).mail.user == "desk"
        keep_secret("mail", "")
        assert store.kept == {}
    finally:
        keyring.set_keyring(before)
    assert main(["mail", "test", "--home", str(tmp_path / "other")]) == 2


def test_a_machine_without_a_key_store_says_what_to_do_instead(logged: list[dict[str, Any]]) -> None:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        assert secret_of("mail") == ""
        assert [(line["event"], line["wanted"]) for line in logged] == [("key_store", "mail")]
        with pytest.raises(UserError, match="WORKSTATION_SECRET_MAIL"):
            keep_secret("mail", "opensesame")
    finally:
        keyring.set_keyring(before)


class PlaintextStore(Store):
    """A key store that would write a password down as it is."""


def test_a_key_store_of_plain_text_is_neither_written_nor_read(logged: list[dict[str, Any]]) -> None:
    before, store = keyring.get_keyring(), PlaintextStore()
    store.kept["workstation", "mail"] = "old"
    keyring.set_keyring(store)
    try:
        with pytest.raises(UserError, match="would keep them in plain text; set WORKSTATION_SECRET_MAIL instead"):
            keep_secret("mail", "opensesame")
        assert secret_of("mail") == ""
        assert "plain text" in str(logged[-1]["error"])
        assert store.kept == {("workstation", "mail"): "old"}
    finally:
        keyring.set_keyring(before)


def test_a_secret_of_the_environment_is_warned_of_by_its_variable(
    logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_SECRET_MAIL", "opensesame")
    assert secret_of("mail") == "opensesame"
    assert [(line["event"], line["level"]) for line in logged] == [("secret_from_environment", "warning")]
    assert "opensesame" not in str(logged)
