"""News and intents as bytes, for a run in a process of its own: a length, then the name of a message and its fields.

Both ends read by declared types alone, so that nothing which comes down the pipe is ever more than a value; what does
not read as one is the other end's fault and is refused. Pure functions; the pipe itself belongs to whoever has one.
"""

from typing import Any

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import Quote, Trade
from workstation.strategies import messages as m
from workstation.strategies.describing import CodeShape

LENGTH_BYTES = 4
FRAME_MAX = 16 * 1024 * 1024


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, and what it may use. parameters: plain values; memory_mb, cpu_s: of the whole process."""

    entry_point: str
    source: str
    code_hash: str
    parameters: dict[str, Any]
    run_id: str
    account: str
    instruments: tuple[Instrument, ...]
    memory_mb: int
    cpu_s: int


class Describe(msgspec.Struct, frozen=True, kw_only=True):
    """Code that is only to say what it offers: answered by a CodeShape or NotLoaded."""

    entry_point: str
    source: str
    code_hash: str


class NotLoaded(msgspec.Struct, frozen=True):
    """Code that could not be loaded, and why."""

    text: str


class Handled(msgspec.Struct, frozen=True):
    """A callback has returned. over: the strategy takes nothing more."""

    over: bool


class WireError(ValueError):
    """Bytes that are no message."""


Message = Begin | Describe | CodeShape | NotLoaded | Handled | m.News | m.Intent

_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Begin, Describe, CodeShape, NotLoaded, Handled, m.Submit, m.SubmitPair, m.Cancel, m.CancelAll, m.Replace,
        m.Flatten,
        m.WantBars, m.WantStream, m.SetTimer, m.Signal, m.Show, m.Log, m.Faulted, m.Declared, m.Kept, m.Done,
        m.Started, m.PastBars, m.BarClosed, m.BookNews, m.OrderNews, m.FillNews, m.TimerNews, m.Keep, m.Stop, m.Leave,
        Quote, Trade,
    )
}  # fmt: skip
_decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {
    name: msgspec.msgpack.Decoder(kind) for name, kind in _KINDS.items()
}
_envelope = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_encode = msgspec.msgpack.Encoder().encode


def encoded(message: Message) -> bytes:
    """Return a message with its length before it.

    Raises:
        WireError: it is too large.
    """
    body = _encode((type(message).__name__, msgspec.Raw(_encode(message))))
    return length_of(len(body)).to_bytes(LENGTH_BYTES, "big") + body


def length_of(size: int) -> int:
    """Return a message's length when it may be so long.

    Raises:
        WireError: it may not.
    """
    if not 0 < size <= FRAME_MAX:
        raise WireError(f"a message of {size} bytes; at most {FRAME_MAX}")
    return size


def decoded(body: bytes) -> Message:
    """Return the message that a frame holds.

    Raises:
        WireError: it holds none.
    """
    try:
        name, fields = _envelope.decode(body)
        message: Message = _decoders[name].decode(fields)
    except (msgspec.DecodeError, KeyError) as error:
        raise WireError(f"a message that cannot be read: {error}") from error
    return message


def frames(data: bytes) -> list[Message]:
    """Return the messages of whole frames, one behind the other; what is cut off at the end is left out.

    Raises:
        WireError: one of them is none.
    """
    found, at = [], 0
    while at + LENGTH_BYTES <= len(data):
        end = at + LENGTH_BYTES + length_of(int.from_bytes(data[at : at + LENGTH_BYTES], "big"))
        if end > len(data):
            break
        found.append(decoded(data[at + LENGTH_BYTES : end]))
        at = end
    return found
