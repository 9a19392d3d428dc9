"""The REST door's place in the composition: plain values from settings, readiness from engine and store."""

import time

from workstation.api.errors import ApiError
from workstation.api.options import ApiOptions
from workstation.api.server import ApiServer
from workstation.app.engine import Engine
from workstation.app.view_only import ViewOnly
from workstation.config.board import ConfigBoard
from workstation.config.paths import Home
from workstation.config.settings import Settings
from workstation.ports.store import Reader

PING_TIMEOUT_S = 0.5


class RestDoor:
    """Opens and closes the local REST interface."""

    def __init__(
        self, engine: Engine, reader: Reader, home: Home, settings: Settings, view_only: ViewOnly | None = None
    ) -> None:
        self._engine, self._reader, self._home, self._settings = engine, reader, home, settings
        self._view_only = view_only
        self._server: ApiServer | None = None

    def start(self, port: int, database: str) -> str:
        """Listen; returns the URL. database: its address, of which scripts learn the kind alone.

        Raises:
            UserError: the port is taken.
        """
        settings = self._settings.api
        self._server = ApiServer(
            session=self._engine.session,
            gateway=self._engine,
            reader=self._reader,
            token_file=self._home.token_file,
            options=ApiOptions(
                port=port,
                pin_token=settings.pin_token,
                allowed_origins=tuple(settings.allowed_origins),
                rate_limit=settings.rate_limit,
                max_body=settings.max_body,
                engine_timeout=settings.engine_timeout,
                venue_wait=settings.venue_wait,
                share=settings.share,
                idempotency_hours=self._settings.idempotency.retention,
                subscriptions_max=self._settings.marketdata.max_subscriptions,
                database_kind="postgresql" if database.startswith("postgres") else "sqlite",
                confirm_warnings=self._settings.oms.confirm_warnings,
                webhook_hosts=tuple(self._settings.webhooks.allowed_hosts),
                webhook_retries=self._settings.webhooks.max_retries,
                webhook_delay_s=self._settings.webhooks.retry_delay,
                webhook_timeout_s=self._settings.webhooks.timeout,
                strategies_paper_only=self._settings.strategies.paper_only,
            ),
            readiness=self._readiness,
            version=self._engine.session.version,
            now_ns=time.time_ns,
            commands=self._engine.commands,
            config=ConfigBoard(self._home.config_file, self._settings),
            note=self._engine.scripts.requests.note,
        )
        url = self._server.start()
        self._engine.scripts.origin_names[self._server.local_credential] = "local token"
        return url

    def stop(self) -> None:
        """Finish calls in flight, close the socket, remove the token file."""
        if self._server is not None:
            self._server.stop()

    def _readiness(self) -> dict[str, bool]:
        """Return which parts work.

        Raises:
            ApiError: the run is view-only, with the problem in words.
        """
        if self._view_only is not None:
            why = self._view_only
            checks = {"database": False, "engine": True, "event_log": False}
            raise ApiError(why.code, why.reason, {"problem": why.reason, "checks": checks}, extra={"checks": checks})
        return {"database": self._reader.ping_write(PING_TIMEOUT_S), "engine": True, "event_log": True}
