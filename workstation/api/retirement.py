"""Routes on their way out: what every answer of one says until it ends (RFC 9745 and RFC 8594)."""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import TypeVar

from workstation.api.errors import Answer

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Retirement:
    """since: when the route was given up for others; sunset: when it ends. Both in UTC."""

    since: datetime
    sunset: datetime

    def told(self, answer: A) -> A:
        """Return an answer that says so."""
        ends = format_datetime(self.sunset, usegmt=True)
        headers = {**answer.headers, "Deprecation": f"@{int(self.since.timestamp())}", "Sunset": ends}
        return replace(answer, headers=headers)
