"""Commands of the program on the wire."""

from typing import Annotated, Any

from pydantic import Field

from workstation.api.schemas.values import Query, QueryFlag, QueryInteger, Request, Resource


class CommandList(Query):
    """Window of the list of commands."""

    limit: Annotated[QueryInteger, Field(ge=1, le=500)] = 100
    offset: Annotated[QueryInteger, Field(ge=0, le=1_000_000)] = 0
    with_count: QueryFlag = True


class CommandParameter(Resource):
    """One parameter of a command. Prices and quantities are integers on the instrument's scales."""

    type: str
    required: bool
    allowed: list[str] | None = None


class CommandInfo(Resource):
    """A command: everything that the program can do has one. scope: what a credential needs to run it."""

    id: str
    title: str
    scope: str
    parameters: dict[str, CommandParameter]
    desktop_only: bool


class CommandPage(Resource):
    """A page of commands."""

    commands: list[CommandInfo]
    total_count: int | None
    has_next: bool


class CommandCall(Request):
    """Parameters of one call of a command."""

    parameters: dict[str, Any] = Field(default_factory=dict)
