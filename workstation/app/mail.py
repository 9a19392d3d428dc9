"""Mail as an alert's action: handed over to an SMTP server on a thread of its own, tried again, and its end told.

Beside both walks: nothing waits for it. What is not sent when the program ends is logged. A password goes over an
encrypted connection alone, whose certificate is checked, unless the server is on this machine. RFC 5321, RFC 3207.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable

import msgspec

from workstation.config.settings import MailSettings
from workstation.kernel.logs import get_logger

WAITS_S = (10.0, 60.0, 300.0, 1_800.0)
"""Pauses before another try."""

TIMEOUT_S = 15.0
WAITING_MAX = 200
OUTCOMES_MAX = 1_000
SECRET = "mail"  # noqa: S105  the name under which the password is kept
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_log = get_logger("mail")


def mail_secret() -> str:
    """Return the password of the mail server; may block."""
    from workstation.config.secrets import secret_of  # noqa: PLC0415  the key store's library is slow to load

    return secret_of(SECRET)


class Mail(msgspec.Struct, frozen=True):
    """One mail. key: what its sender knows it by."""

    key: str
    subject: str
    text: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a try. reason: why it failed, "" where it is sent; is_last: no try follows."""

    key: str
    subject: str
    tries: int
    reason: str
    is_last: bool


class Mailer:
    """Sends one mail after the other. secret: returns the password. The thread begins with the first mail."""

    def __init__(self, settings: MailSettings, secret: Callable[[], str], waits_s: tuple[float, ...] = WAITS_S) -> None:
        self._settings, self._secret, self._waits_s = settings, secret, waits_s
        self._waiting: queue.Queue[Mail | None] = queue.Queue(WAITING_MAX)
        self._outcomes: deque[Outcome] = deque(maxlen=OUTCOMES_MAX)
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is a server, a sender and somebody to write to."""
        return bool(self._settings.host and self._settings.sender and self._settings.to)

    def post(self, mail: Mail) -> None:
        """Hand a mail over; one that finds too many waiting has failed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mail", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(mail)
        except queue.Full:
            self._outcomes.append(Outcome(mail.key, mail.subject, 0, f"{WAITING_MAX} mails wait already", is_last=True))

    def outcomes(self) -> list[Outcome]:
        """Return what became of tries since the last call, oldest first."""
        found = []
        while self._outcomes:
            found.append(self._outcomes.popleft())
        return found

    def close(self) -> None:
        """End; a mail that is under way is finished, one that waits is logged and lost."""
        self._end.set()
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            _log.warning("mails_not_sent", count=self._waiting.qsize())
        self._thread.join()

    def send(self, mail: Mail) -> None:
        """Hand a mail to the server now; may block.

        Raises:
            OSError: it was not taken; the server's refusals are of that family.
            ValueError: an address or the subject cannot be written.
        """
        import smtplib  # noqa: PLC0415  a start without mail does without these
        import ssl  # noqa: PLC0415  as above
        from email.message import EmailMessage  # noqa: PLC0415  as above

        settings = self._settings
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = mail.subject, settings.sender, ", ".join(settings.to)
        message.set_content(mail.text)
        context = ssl.create_default_context()
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
        with server:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user:
                if settings.security == "none" and settings.host not in LOOPBACK:
                    raise smtplib.SMTPException("no password is sent without encryption; set mail.security")
                server.login(settings.user, self._secret())
            server.send_message(message)

    def _run(self) -> None:
        while not self._end.is_set():
            mail = self._waiting.get()
            if mail is not None:
                self._deliver(mail)

    def _deliver(self, mail: Mail) -> None:
        for tries, wait_s in enumerate((*self._waits_s, None), start=1):
            try:
                self.send(mail)
            except (OSError, ValueError) as error:
                reason = " ".join(str(error).split()) or type(error).__name__
            else:
                self._outcomes.append(Outcome(mail.key, mail.subject, tries, "", is_last=True))
                return
            is_last = wait_s is None or self._end.is_set()
            self._outcomes.append(Outcome(mail.key, mail.subject, tries, reason, is_last))
            _log.info("mail_failed", subject=mail.subject, tries=tries, reason=reason)
            if wait_s is None or self._end.wait(wait_s):
                return
