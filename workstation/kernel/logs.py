"""Structured logging: one JSON line an event, escaped, size-bounded, secrets redacted.

Text from users and venues is a value, never part of the line's structure, so that no order note can forge a line.
The newest lines are kept in memory for the log panel.
"""

import logging
import logging.handlers
import re
from collections import deque
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

LOG_FILE_BYTES_MAX = 8 * 1024 * 1024
LOG_FILES_KEPT = 5
RECENT_LINES_MAX = 2_000

_SECRET_KEYS = re.compile(r"token|secret|password|passphrase|authorization|api_key", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"(oms_[0-9a-f]{64}|whsec_[A-Za-z0-9+/=]+|Bearer\s+\S+)")


class LogLine(msgspec.Struct, frozen=True):
    """One line for the screen: time (UTC, ISO 8601), level name, event and its fields as text."""

    at: str
    level: str
    event: str
    fields: str


class RecentLog:
    """The newest lines; `listener` hears each new one, on the thread that logged it."""

    def __init__(self) -> None:
        self.lines: deque[LogLine] = deque(maxlen=RECENT_LINES_MAX)
        self.listener: Callable[[LogLine], None] | None = None

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Keep one processed event; returns it unchanged (the processor protocol of structlog)."""
        fields = " ".join(
            f"{key}={value}" for key, value in event.items() if key not in ("event", "level", "timestamp")
        )
        line = LogLine(
            str(event.get("timestamp", "")), str(event.get("level", "")), str(event.get("event", "")), fields
        )
        self.lines.append(line)
        if self.listener is not None:
            self.listener(line)
        return event


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace secrets in keys and texts before anything is written."""
    for key, value in event.items():
        if _SECRET_KEYS.search(key) and not isinstance(value, bool):
            event[key] = "[redacted]"
        elif isinstance(value, str):
            event[key] = _SECRET_TEXT.sub("[redacted]", value)
    return event


def configure_logging(folder: Path | None, *, level: str = "INFO") -> RecentLog:
    """Send log lines to `folder`/workstation.log (rotated, bounded) and to memory; None keeps them in memory only."""
    recent = RecentLog()
    root = logging.getLogger("workstation")
    root.setLevel(level)
    root.propagate = False
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.close()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "workstation.log"
        file = logging.handlers.RotatingFileHandler(
            target, maxBytes=LOG_FILE_BYTES_MAX, backupCount=LOG_FILES_KEPT, encoding="utf-8"
        )
        file.setFormatter(logging.Formatter("%(message)s"))
        root.addHandler(file)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            recent,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    return recent


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of one part of the program, below `workstation`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(f"workstation.{name}")
    return logger
