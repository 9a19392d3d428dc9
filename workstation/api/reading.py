"""One thing read: whole and with its tag, with the chosen fields alone and no tag, or 304 when the caller has it.

The tag changes whenever what is shown does; what never changes has the first version's for ever.
"""

from typing import Any

from pydantic import BaseModel

from workstation.api.endpoint import Call, json_answer
from workstation.api.errors import Answer
from workstation.api.lists import chosen_fields, sparse

IMMUTABLE = '"v1"'
"""Tag of what is written once."""


def read_answer(call: Call, model: type[BaseModel], tag: str, body: dict[str, Any]) -> Answer:
    """Answer with one thing. body: a `model` as the wire shows it.

    Raises:
        ApiError: 422, a field was chosen that it does not have.
    """
    fields = chosen_fields(call.query.fields, model)
    if fields is not None:
        return json_answer(200, sparse(body, fields))
    return unseen(call, tag) or json_answer(200, body, {"ETag": tag})


def unseen(call: Call, tag: str) -> Answer | None:
    """Return 304 when the caller has what bears this tag and asks for the whole of it, else None."""
    seen = call.header(b"if-none-match")
    if seen is None or getattr(call.query, "fields", None) is not None:
        return None
    if seen.strip() == "*" or tag in (named.removeprefix("W/") for named in tags_in(seen)):
        return Answer(304, headers={"ETag": tag})
    return None


def tags_in(header: str) -> list[str]:
    """Return the tags that a condition names."""
    return [part.strip() for part in header.split(",")]
