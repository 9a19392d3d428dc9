"""Commands of the program on the wire."""

from typing import Any

from pydantic import Field

from workstation.api.schemas.values import Request, Resource


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
