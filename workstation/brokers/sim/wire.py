"""The wire between a venue in another process and its adapter: framed JSON over a stream socket.

A frame is four bytes of length, big-endian, then one JSON object tagged by its type. Reports keep the port's own
structs and travel inside `Reported` under their class name. A frame that cannot be read is a `VenueProtocolError`;
nothing is guessed.
"""

import asyncio
import struct

import msgspec

from workstation.domain.errors import VenueProtocolError
from workstation.domain.orders import OrderTerms
from workstation.ports.broker import (
    BrokerReport,
    FillReport,
    OrderReport,
    QueryAnswer,
    RequestLimit,
    SendReport,
    SessionReport,
    SplitReport,
    UnreadableReport,
)

FRAME_MAX = 16 << 20
"""Largest frame; an answer to a question about many orders is the largest there is."""

_LENGTH = struct.Struct(">I")


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """First frame of a link. role: "broker" for a session, "control" for the back door."""

    role: str


class Submit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A new order."""

    cl_ord_id: str
    terms: OrderTerms


class Replace(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """New terms."""

    cl_ord_id: str
    order_id: str
    terms: OrderTerms


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The end of an order."""

    cl_ord_id: str
    order_id: str


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question for everything."""

    request_id: int
    account: str
    cl_ord_ids: tuple[str, ...]
    since_ns: int


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A sign of life that asks for one; the venue sends each back."""


class Stated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The limit of requests that the venue states from here on, None for none; first of all on a session."""

    request_limit: RequestLimit | None = None


class Control(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One call of the back door by its name."""

    action: str
    args: dict[str, str | int | float | bool | None]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A control call was done; error is "" or says why it was not."""

    error: str = ""


class Reported(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One report of the venue."""

    kind: str
    body: msgspec.Raw


Message = Hello | Submit | Replace | Cancel | Ask | Beat | Stated | Control | Done | Reported

_REPORTS: dict[str, type[BrokerReport]] = {
    kind.__name__: kind
    for kind in (SendReport, OrderReport, FillReport, SessionReport, QueryAnswer, UnreadableReport, SplitReport)
}
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def frame(message: Message) -> bytes:
    """Return a message as one frame."""
    payload = _encoder.encode(message)
    return _LENGTH.pack(len(payload)) + payload


def wrap(report: BrokerReport) -> Reported:
    """Return a report as a message."""
    return Reported(kind=type(report).__name__, body=msgspec.Raw(_encoder.encode(report)))


def unwrap(message: Reported) -> BrokerReport:
    """Return the report of a message; one that cannot be read becomes an UnreadableReport."""
    try:
        return msgspec.json.decode(message.body, type=_REPORTS[message.kind])
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raw = bytes(message.body).decode(errors="replace")
        return UnreadableReport(venue="SIM", raw=raw, reason=f"{message.kind}: {error}")


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Return the next message, None at the end of the stream.

    Raises:
        VenueProtocolError: a frame too long or not a message.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > FRAME_MAX:
            raise VenueProtocolError(f"frame of {length} bytes")
        payload = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VenueProtocolError(str(error), raw=payload.decode(errors="replace")) from error
