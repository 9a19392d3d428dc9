"""The program itself: whether it lives, whether it is ready, which version it is."""

from datetime import datetime
from typing import Generic

from workstation.client.calls import Call, Group, W
from workstation.client.values import Nothing, Value


class Health(Value, frozen=True, kw_only=True):
    """A sign of life."""

    status: str


class HealthCheck(Value, frozen=True, kw_only=True):
    """Whether the parts that every call needs work."""

    status: str
    service: str
    version: str
    timestamp: datetime
    checks: dict[str, bool]


class Version(Value, frozen=True, kw_only=True):
    """Versions of the program and of its interface."""

    version: str
    api_version: str
    build: str | None = None


class System(Group[W], Generic[W]):
    """Ask how the program is."""

    health = Call("GET", "/health", Nothing, Health)
    ready = Call("GET", "/health/ready", Nothing, HealthCheck)
    version = Call("GET", "/version", Nothing, Version)
