"""Health, version, action results, previews and problems on the wire."""

from typing import Any, Literal

from workstation.api.schemas.values import DecimalOut, Query, Resource, TimeOut


class NoQuery(Query):
    """For paths without parameters."""


class Health(Resource):
    """Sign of life, for anyone."""

    status: Literal["ok"]


class HealthComponent(Resource):
    """State of one part."""

    component: str
    status: Literal["SUCCESS", "WARNING", "ERROR", "CRITICAL"]
    message: str | None
    response_time_ms: int | None


class HealthCheck(Resource):
    """Whether the parts that every call needs work."""

    status: Literal["ready", "not_ready"]
    service: str
    version: str
    timestamp: TimeOut
    checks: dict[str, bool]
    components: list[HealthComponent] | None = None


class Version(Resource):
    """Versions of the program and of this interface."""

    version: str
    api_version: Literal["v1"]
    build: str | None = None


class SystemInfo(Resource):
    """What runs, and how busy it is. queues and limits: by name, in the unit of the name.

    queues: journal_percent, how full the journal's queue is; the others are depths. requests_waiting: for their turn;
    engine_calls: for the engine's answer; search_index: rows that the index of searches has not taken up yet, about;
    webhook_deliveries: under way.
    """

    database_kind: str
    uptime_s: int
    started_at: TimeOut
    python_version: str
    queues: dict[str, int]
    streams_open: int
    limits: dict[str, int]


class ActionResult(Resource):
    """Outcome of an action that is no resource of its own."""

    success: bool
    message: str
    data: dict[str, Any] | None = None


class PreviewLimit(Resource):
    """One rule's answer to a previewed order. Figures are decimals; those of a price collar count ticks."""

    limit_id: str
    limit_type: str
    limit: str | None
    used: str | None
    headroom: str | None
    passed: bool
    message: str | None


class PreviewRisk(Resource):
    """All limits' answers."""

    passed: bool
    limits: list[PreviewLimit]


class PreviewRule(Resource):
    """One compliance rule's answer."""

    rule_id: str
    rule_type: str
    message: str


class PreviewCompliance(Resource):
    """All compliance rules that object."""

    passed: bool
    rules: list[PreviewRule]


class PreviewWarning(Resource):
    """Something to know before placing."""

    code: str
    message: str


class OrderPreview(Resource):
    """What would become of an order; nothing is stored."""

    valid: bool
    estimated_value: DecimalOut | None
    estimated_commission: DecimalOut | None
    buying_power_effect: DecimalOut | None
    risk: PreviewRisk
    compliance: PreviewCompliance
    warnings: list[PreviewWarning]
    confirm_token: str | None


class ErrorInfo(Resource):
    """The short form inside a problem."""

    code: int
    message: str
    type: str
    details: dict[str, Any]


class Problem(Resource):
    """RFC 9457, with the machine code and the trace id."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str
    hint: str | None = None
    details: dict[str, Any]
    error: ErrorInfo
    checks: dict[str, bool] | None = None
