"""Reports on the wire: named columns, rows, and totals that are the exact sums of the rows."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints

from workstation.api.schemas.values import Day, EndTime, Query, Resource, StartTime, TimeOut, Uuid
from workstation.domain.errors import ValidationError
from workstation.viewmodels.reports_days import zone_of


def _known_zone(name: str) -> str:
    try:
        zone_of(name)
    except ValidationError:
        raise ValueError("is no IANA zone") from None
    return name


class ReportQuery(Query):
    """What a report covers: one day of a zone, or a span, or all that there is."""

    format: Literal["json", "csv"] = "json"
    date: Day | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_known_zone)] = "UTC"
    broker_account_id: Uuid | None = None
    strategy_run_id: Uuid | None = None


class ReportColumn(Resource):
    """A column: its name, and what its cells are."""

    name: str
    type: Literal["text", "decimal", "integer", "time", "boolean"]


class ReportInfo(Resource):
    """A report that can be asked for."""

    name: str
    title: str
    parameters: list[str]
    columns: list[ReportColumn]


class ReportPage(Resource):
    """All reports."""

    reports: list[ReportInfo]
    total_count: int | None
    has_next: bool


class Report(Resource):
    """One report."""

    name: str
    parameters: dict[str, Any]
    columns: list[ReportColumn]
    rows: list[list[Any]]
    totals: dict[str, str]
    generated_at: TimeOut
