"""What can be set about the REST interface, and its fixed bounds, as plain values. Imports nothing of the web stack."""

from dataclasses import dataclass

HEAD_BYTES_MAX = 32 * 1024
"""Request line and headers together."""

CONNECTIONS_MAX = 256
KEEP_ALIVE_S = 5
HEAD_TIMEOUT_S = 10.0
BODY_TIMEOUT_S = 15.0
READ_THREADS = 16
STOP_TIMEOUT_S = 3.0
RATE_WINDOW_S = 60
LOCAL_TOKEN_FACTOR = 10
"""How much more than an API key a script on the user's own machine may ask."""

FAILED_AUTHENTICATIONS_MAX = 60
"""Wrong credentials a minute, all callers together, before 429 replaces 401."""

SHARE = 0.3
"""Of one processor, for all requests together once a burst is spent, unless the settings say otherwise."""

WRITE_STALL_S = 30.0
"""How long a client may take no bytes of an answer before a stream counts it as too slow; after twice that its
connection is dropped, whatever the answer."""

STREAMS_PER_CREDENTIAL_MAX = 50
STREAMS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class ApiOptions:
    """Values of the settings. Rates are requests in RATE_WINDOW_S; times in seconds.

    rate_limit: of an API key; the local token has LOCAL_TOKEN_FACTOR times as much. protect_limit: cancels and kill
    switches, a bucket of their own, wide enough that whatever was placed can be cancelled.
    share: of one processor's time for requests, 1 without a bound.
    """

    port: int = 0
    pin_token: bool = False
    allowed_origins: tuple[str, ...] = ()
    rate_limit: int = 600
    protect_limit: int = 6_000
    max_body: int = 10 * 1024 * 1024
    engine_timeout: float = 5.0
    venue_wait: float = 0.3
    idempotency_hours: float = 24.0
    head_timeout: float = HEAD_TIMEOUT_S
    body_timeout: float = BODY_TIMEOUT_S
    write_stall: float = WRITE_STALL_S
    share: float = SHARE
    confirm_warnings: bool = False
    subscriptions_max: int = 100
    database_kind: str = "sqlite"
    webhook_hosts: tuple[str, ...] = ()
    webhook_retries: int = 3
    webhook_delay_s: int = 60
    webhook_timeout_s: int = 30
    strategies_paper_only: bool = True
