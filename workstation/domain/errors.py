"""The error tree: four families, readable in ten seconds.

    WorkstationError
    ├── UserError            the text may be shown as it is; nothing was done
    │   ├── ValidationError      one value breaks one rule (field, value, allowed)
    │   ├── PrecisionLoss        a number has more digits than the field can hold
    │   ├── NotFound             an id or symbol that is not known
    │   ├── StateConflict        the object's state forbids the request
    │   │   └── InUse                something still needs it
    │   ├── Duplicate            another one holds it already
    │   └── QuotaExceeded        there are as many as there may be
    ├── BrokerError          expected at a venue's door; supervised, retried within bounds
    │   ├── NotConnected         no session; no byte left
    │   └── VenueProtocolError   the venue said something that we cannot read
    ├── StorageError         expected at the database's door; trading stops, nothing is guessed
    │   ├── StorageFull          no space; INCREASE refused, cancels go on
    │   ├── StorageDamaged       a row or page does not verify; view only
    │   ├── StorageLocked        another writer owns the home
    │   └── StorageOutdated      the database needs another program version
    └── InvariantError       a bug: stop trading, report

A venue's or a rule's refusal of an order is data (`OrderRejected`, `OrderDenied`), never an exception.
"""


class WorkstationError(Exception):
    """Root of every error this program raises on purpose."""


class UserError(WorkstationError):
    """The request cannot be done as asked; the text is fit to be shown."""


class ValidationError(UserError):
    """One field's value breaks one rule.

    `allowed` says what would pass, in words, so that the user can correct the value at once.
    """

    def __init__(self, field: str, message: str, *, allowed: str = "") -> None:
        super().__init__(f"{field}: {message}" + (f" (allowed: {allowed})" if allowed else ""))
        self.field = field
        self.message = message
        self.allowed = allowed


class PrecisionLoss(ValidationError):
    """A number carries more digits than the field can hold exactly, or is not a finite number."""


class NotFound(UserError):
    """An id, symbol or account that is not known here."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"no {kind} {key!r}")
        self.kind = kind
        self.key = key


class StateConflict(UserError):
    """The object's present state forbids the request; `allowed` names the states that permit it."""

    def __init__(self, message: str, *, state: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.state = state
        self.allowed = allowed


class InUse(StateConflict):
    """Something still needs what shall be deleted; the text names it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, state="in use")


class Duplicate(UserError):
    """Something holds already what only one may; `record_id` is the record that does."""

    def __init__(self, message: str, *, record_id: str) -> None:
        super().__init__(message)
        self.record_id = record_id


class QuotaExceeded(UserError):
    """There are as many of a kind as there may be; `most` of them, and `current` is how many there are."""

    def __init__(self, message: str, *, most: int, current: int) -> None:
        super().__init__(message)
        self.most = most
        self.current = current


class BrokerError(WorkstationError):
    """Expected trouble at a venue: supervised and retried within bounds."""


class NotConnected(BrokerError):
    """No session with the venue: provably no byte left."""


class VenueProtocolError(BrokerError):
    """A message of the venue that cannot be read; the raw text is kept beside it."""

    def __init__(self, message: str, *, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw


class StorageError(WorkstationError):
    """Expected trouble at the database: trading stops, nothing is guessed."""


class StorageFull(StorageError):
    """No space left: INCREASE is refused, cancels and exits go on."""


class StorageDamaged(StorageError):
    """A row, page or chain link does not verify: view only until restored."""


class StorageLocked(StorageError):
    """Another instance owns this home or these accounts."""


class StorageOutdated(StorageError):
    """The database was written by another version of the program; the text names the version needed."""


class InvariantError(WorkstationError):
    """A bug: something that must always hold does not. Trading stops and the error is reported."""
