"""What the lists and bodies of all records share on the wire."""

from typing import Annotated, Any

from pydantic import Field

from workstation.api.credentials import tenant_uid
from workstation.api.schemas.values import (
    CommaList,
    IdOut,
    Query,
    QueryFlag,
    QueryInteger,
    Resource,
    TimeOut,
    time_text,
)
from workstation.domain.records import Record


class RecordRead(Query):
    """Parameters of reading one record."""

    fields: CommaList | None = None


class RecordList(Query):
    """Parameters of every record list; a list adds its filters."""

    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000_000)] = 0
    with_count: QueryFlag = True
    ordering: CommaList | None = None
    fields: CommaList | None = None


class RecordOut(Resource):
    """What every record shows."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    updated_at: TimeOut


def unchanged() -> Any:
    """Return the default of a field in a partial change: absent leaves it as it is, and null is refused."""
    return Field(default_factory=lambda: None)


def record_body(record: Record) -> dict[str, Any]:
    """Return what every record shows."""
    return {
        "id": record.id,
        "tenant_id": tenant_uid(record.tenant),
        "created_at": time_text(record.created_at),
        "updated_at": time_text(record.updated_at),
    }
