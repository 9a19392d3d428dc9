"""The words of the description: conventions that hold for every call, groups of calls, and what parameters mean."""

from collections.abc import Iterator, Mapping

from workstation.api.endpoint import Endpoint

CONVENTIONS = """\
The local REST interface, version 1: a script does what a person at the desktop does, through the same risk gate.

**Where.** The running program writes `api-token.json` into its home folder: `url`, `token`, `accounts`. It listens on
this machine alone.

**Values.** Decimals are texts, exact to the last digit, in both directions; whole numbers may be sent as numbers,
fractions not. Times are RFC 3339 in UTC; input needs an offset. Ids are lower-case UUIDs. What is absent is `null`.
Unknown fields and parameters of a call are refused; a client ignores fields of an answer that it does not know.

**Lists.** `{<name>: [...], total_count, has_next}`. Lists that only grow also give `next_cursor`: sent as `cursor`, it
goes on without a repeat or a gap whatever is added meanwhile.

**Changes.** `PUT` is a partial change: what is absent stays, `null` clears what may be null. It needs `If-Match` with
the `ETag` that was read: of two writers with one tag exactly one wins. `PATCH` does the same. `HEAD` works wherever
`GET` does, except on streams.

**Repeats.** A `POST` with an `Idempotency-Key` may be sent again: within 24 hours the same key and body give the first
answer, with `Idempotency-Replayed: true`. On 503 `ENGINE_TIMEOUT` the outcome is unknown: repeat under the same key.

**Refusals.** Every 4xx and 5xx is `application/problem+json`: `code` for the machine, `detail` and `hint` for a person,
`details` with what it is about. New codes may be added within version 1.

**Limits.** `RateLimit` says how many calls are left and for how long. Over it, 429 with `Retry-After`. Cancels and the
kill switch draw on a bucket of their own, so that a runaway script can always be stopped.
"""

GROUPS: Mapping[str, str] = {
    "audit": "Who did what, in a chain that shows every later change.",
    "auth": "Logins, sessions, one's own profile and API keys.",
    "brokers": "Brokers, their connections and their accounts.",
    "commands": "Everything that the program can do, by the name of its command.",
    "compliance": "Rules that refuse or hold orders, and the orders that wait.",
    "events": "What happened, as a list and as a stream.",
    "health": "Whether the service runs.",
    "instruments": "What can be traded.",
    "invitations": "Places in a tenant that one was invited to.",
    "marketdata": "Quotes, bars, ticks and subscriptions.",
    "metrics": "Figures for a monitor.",
    "oms": "Orders, executions, positions and profit.",
    "reports": "Tables over the lists, with exact totals, as JSON or CSV.",
    "risk": "Limits, overrides and kill switches.",
    "strategies": "Strategies, their runs, and what those made.",
    "system": "What runs, how it is, and its settings.",
    "tenants": "Tenants, their members and invitations.",
    "users": "People.",
    "version": "Versions.",
    "webhooks": "Messages out to programs that are told, and in from sources.",
}

HEADERS: Mapping[str, str] = {
    "Idempotency-Key": "Makes the call repeatable: the same key and body within 24 hours give the first answer again.",
    "If-Match": "ETag that was read; refused with 412 when it is no longer the one in force. `*` takes any.",
    "If-None-Match": "ETag of what is had already: where it is still in force, 304 without a body is the answer.",
    "Last-Event-ID": "Id of the last event seen: what came after it follows, each once. Wins over `since_id`.",
}

_PARAMETERS: Mapping[str, str] = {
    "cursor": "`next_cursor` of the page before, with the same filters and ordering; not with `offset`.",
    "data_type": "Kind of data.",
    "date": "One day, in place of a period.",
    "end_date": "End of the period: a time, which is not part of it, or a day, which is.",
    "fields": "Comma list of the fields wanted; the answer has exactly those.",
    "format": "`json`, or `csv` as a file.",
    "has_position": "True: what is not flat; false: what is flat.",
    "instrument_symbol": "Exact symbol, without regard to case.",
    "interval": "Length of a bar.",
    "is_open": "True: orders that are not final; false: those that are.",
    "limit": "Most rows of a page.",
    "name": "Exact name.",
    "nested": "Puts legs under their parent; one whose parent is not on the page stands by itself.",
    "offset": "Rows to skip.",
    "reason": "Why, kept with the change.",
    "resource_id": "Id of what it is about.",
    "resource_type": "Kind of what it is about.",
    "search": "Text that the row holds somewhere, taken literally and without regard to case. In orders and executions"
    " one or two characters are looked for in the newest 10,000 rows that the other filters let through.",
    "since_id": "Only events after this id.",
    "source": "Name of the source.",
    "start_date": "Start of the period, part of it: a time or a day.",
    "status": "Rows in this state.",
    "statuses": "Rows in any of these states; may repeat.",
    "symbol": "The symbol, percent-encoded; it may hold slashes.",
    "symbols": "Comma list of symbols; absent for all that you are subscribed to.",
    "tags": "Rows with any of these tags; may repeat.",
    "timezone": "IANA zone that days are counted in.",
    "types": "Types or prefixes such as `order.*`; may repeat.",
    "until_id": "Only events up to this id; a stream ends with it.",
    "with_count": "False leaves the count out, which is faster on long lists.",
}


def parameter_text(endpoint: Endpoint, name: str, place: str) -> str:
    """Return what a parameter of the path or the query means."""
    if name == "ordering" and endpoint.form is not None:
        default = endpoint.form.default
        return f"Comma list of fields to sort by, `-` in front for descending: {_choices(endpoint)}. Default {default}."
    if name in _PARAMETERS:
        return _PARAMETERS[name]
    words = name.removesuffix("_id").replace("_", " ")
    if place == "path":
        return f"The {words}{'’s id' if name.endswith('_id') else ''}."
    if name.startswith(("min_", "max_")):
        return f"{'Least' if name.startswith('min_') else 'Most'} {words[4:]}, included."
    return f"Rows whose `{name}` is this."


def operation_text(endpoint: Endpoint) -> str:
    """Return what an operation does and what it needs."""
    return " ".join([endpoint.summary, *_needs(endpoint)])


def _needs(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.scope is not None:
        yield f"Needs the scope `{endpoint.scope}`."
    if endpoint.key_required:
        yield "Needs an idempotency key, as the header or as `idempotency_key` in the body."
    if endpoint.if_match:
        yield "Needs `If-Match`."
    if endpoint.form is not None and endpoint.form.by_time:
        yield "Pages go on by `cursor` while the order is that of time."
    if endpoint.is_stream:
        yield "Each frame holds one event; a comment comes at least every 15 s."
    if 202 in endpoint.answers:
        yield "202 means asked for, not done: the outcome comes as a change of state and an event."


def _choices(endpoint: Endpoint) -> str:
    return ", ".join(f"`{name}`" for name in sorted(endpoint.form.orderings)) if endpoint.form else ""
