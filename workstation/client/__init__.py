"""A client for scripts: the REST interface of a running program as typed methods, blocking or asynchronous.

It needs httpx and msgspec alone and imports nothing else of this project, so that a script can be moved to another
machine with this folder. `Client()` finds the program of the user's home.
"""

from workstation.client.address import Address, KnownAccount, find
from workstation.client.clients import AsyncClient, Client
from workstation.client.errors import (
    BadRequest,
    ClientError,
    Conflict,
    Invalid,
    Locked,
    Malformed,
    NotFound,
    NotRunning,
    OutcomeUnknown,
    PermissionDenied,
    Problem,
    RateLimited,
    Stale,
    StreamLost,
    Unauthenticated,
    Unavailable,
    Unreachable,
)
from workstation.client.streams import Reset
from workstation.client.values import Event

__all__ = [
    "Address",
    "AsyncClient",
    "BadRequest",
    "Client",
    "ClientError",
    "Conflict",
    "Event",
    "Invalid",
    "KnownAccount",
    "Locked",
    "Malformed",
    "NotFound",
    "NotRunning",
    "OutcomeUnknown",
    "PermissionDenied",
    "Problem",
    "RateLimited",
    "Reset",
    "Stale",
    "StreamLost",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "find",
]
