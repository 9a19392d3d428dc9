"""Reports: tables with totals over the same rows that the lists give."""

from datetime import datetime
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import SortedParams, Value, When


class ReportColumn(Value, frozen=True, kw_only=True):
    """A column: its name, and what its cells are."""

    name: str
    type: str


class ReportInfo(Value, frozen=True, kw_only=True):
    """A report that can be asked for."""

    name: str
    title: str
    parameters: tuple[str, ...]
    columns: tuple[ReportColumn, ...]


class Report(Value, frozen=True, kw_only=True):
    """One report."""

    name: str
    parameters: dict[str, Any]
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    totals: dict[str, str]
    generated_at: datetime


class ReportQuery(Params, kw_only=True):
    """What a report covers: one day of a zone, or a span, or all that there is."""

    date: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    strategy_run_id: str | UnsetType = UNSET


class ReportFile(ReportQuery, kw_only=True, tag_field="format", tag="csv"):
    """The same for a report as a CSV file."""


class Reports(Group[W], Generic[W]):
    """Draw up reports: as a table, or as the text of a CSV file with the same rows."""

    list = Listing("/reports", SortedParams, "reports", ReportInfo)
    blotter = Call("GET", "/reports/blotter", ReportQuery, Report)
    fills = Call("GET", "/reports/fills", ReportQuery, Report)
    positions = Call("GET", "/reports/positions", ReportQuery, Report)
    pnl = Call("GET", "/reports/pnl", ReportQuery, Report)
    commissions = Call("GET", "/reports/commissions", ReportQuery, Report)
    risk = Call("GET", "/reports/risk", ReportQuery, Report)
    blotter_csv = Call("GET", "/reports/blotter", ReportFile, str)
    fills_csv = Call("GET", "/reports/fills", ReportFile, str)
    positions_csv = Call("GET", "/reports/positions", ReportFile, str)
    pnl_csv = Call("GET", "/reports/pnl", ReportFile, str)
    commissions_csv = Call("GET", "/reports/commissions", ReportFile, str)
    risk_csv = Call("GET", "/reports/risk", ReportFile, str)
