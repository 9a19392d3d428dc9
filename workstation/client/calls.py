"""How the tables of routes become methods: a row says method, path, parameters and answer, a wire carries it out.

A row is a descriptor. Seen through a group on a blocking wire it is a function that returns the answer; on an
asynchronous one it returns an awaitable of it. The parameters are those of the row's struct, names and types.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Generic, ParamSpec, TypeVar, overload

import msgspec

from workstation.client.errors import Malformed
from workstation.client.requests import Params, Request, build
from workstation.client.streams import Follow, Item
from workstation.client.wires import AsyncWire, SyncWire

P = ParamSpec("P")
T = TypeVar("T")
W = TypeVar("W", SyncWire, AsyncWire)


class Group(Generic[W]):
    """The methods of one resource, on a wire."""

    def __init__(self, wire: W) -> None:
        self.wire: W = wire


class Route(Generic[P]):
    """A row of a table: a method on a path and what it takes. in_query: fields that a POST sends in its query."""

    def __init__(self, method: str, path: str, params: Callable[P, Params], in_query: tuple[str, ...] = ()) -> None:
        self.method, self.path, self.params = method, path, params
        self._in_query = frozenset(in_query)

    def _request(self, params: Params, read: Callable[[bytes], T]) -> Request[T]:
        return build(self.method, self.path, params, read, self._in_query)


class Call(Route[P], Generic[P, T]):
    """A row with one answer. answer: its type; `str` for text as it comes, `NoneType` for nothing."""

    def __init__(
        self, method: str, path: str, params: Callable[P, Params], answer: type[T], in_query: tuple[str, ...] = ()
    ) -> None:
        super().__init__(method, path, params, in_query)
        self.answer = answer
        self._read: Callable[[bytes], Any] = _READERS.get(answer) or msgspec.json.Decoder(answer).decode

    @overload
    def __get__(self, group: Group[SyncWire], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: Group[AsyncWire], owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, group: Group[Any], owner: type) -> Callable[P, Any]:
        """Return the method."""

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return group.wire.send(self._request(self.params(*args, **kwargs), self._read))

        return call


_READERS: dict[Any, Callable[[bytes], Any]] = {str: bytes.decode, type(None): lambda _content: None}


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list. total_count: all rows under the filters, None when nobody counted."""

    items: tuple[T, ...]
    total_count: int | None = None
    has_next: bool = False
    next_cursor: str | None = None


class _Frame(msgspec.Struct):
    total_count: int | None = None
    has_next: bool = False
    next_cursor: str | None = None


_FRAME, _PARTS = msgspec.json.Decoder(_Frame), msgspec.json.Decoder(dict[str, msgspec.Raw])


class Pages(Generic[T]):
    """Where a walk through a list stands: the request of the next page, from what the last one said."""

    def __init__(self, route: "Listing[Any, T]", params: Params) -> None:
        self._route, self._given = route, msgspec.structs.asdict(params)
        self._params = params
        self._seen = self._given.get("offset") or 0

    def request(self) -> Request[Page[T]]:
        """Return the request of the page that is due."""
        return self._route.page_request(self._params)

    def turn(self, page: Page[T]) -> bool:
        """Go on to the next page; returns whether there is one."""
        if not page.has_next:
            return False
        if not page.items:
            raise Malformed("a page is empty though more are announced")
        self._seen += len(page.items)
        if page.next_cursor is not None:
            self._params = msgspec.structs.replace(self._params, cursor=page.next_cursor, offset=msgspec.UNSET)
        else:
            self._params = msgspec.structs.replace(self._params, offset=self._seen)
        return True


class Items(Generic[T]):
    """The rows of a list on a blocking wire: iterate over all of them, page after page, or take `first_page`."""

    def __init__(self, wire: SyncWire, pages: Callable[[], Pages[T]]) -> None:
        self._wire, self._pages = wire, pages

    def first_page(self) -> Page[T]:
        """Return the first page with its total."""
        return self._wire.send(self._pages().request())

    def __iter__(self) -> Iterator[T]:
        """Yield every row."""
        pages = self._pages()
        while True:
            page = self._wire.send(pages.request())
            yield from page.items
            if not pages.turn(page):
                return


class AsyncItems(Generic[T]):
    """The rows of a list on an asynchronous wire: `async for` over all of them, or await `first_page`."""

    def __init__(self, wire: AsyncWire, pages: Callable[[], Pages[T]]) -> None:
        self._wire, self._pages = wire, pages

    async def first_page(self) -> Page[T]:
        """Return the first page with its total."""
        return await self._wire.send(self._pages().request())

    async def __aiter__(self) -> AsyncIterator[T]:
        """Yield every row."""
        pages = self._pages()
        while True:
            page = await self._wire.send(pages.request())
            for item in page.items:
                yield item
            if not pages.turn(page):
                return


class Listing(Route[P], Generic[P, T]):
    """A row that answers a list. key: the name of its rows in the body; item: their type."""

    def __init__(self, path: str, params: Callable[P, Params], key: str, item: type[T]) -> None:
        super().__init__("GET", path, params)
        self.key, self.item = key, item
        self._read_items = msgspec.json.Decoder(tuple[item, ...]).decode  # type: ignore[valid-type]  # made at run time

    def page_request(self, params: Params) -> Request[Page[T]]:
        """Return the request of one page."""
        return self._request(params, self._page)

    def _page(self, content: bytes) -> Page[T]:
        rows = _PARTS.decode(content).get(self.key)
        if rows is None:
            raise Malformed(f"the list at {self.path} has no {self.key!r}")
        rest = _FRAME.decode(content)
        return Page(
            items=self._read_items(rows),
            total_count=rest.total_count,
            has_next=rest.has_next,
            next_cursor=rest.next_cursor,
        )

    @overload
    def __get__(self, group: Group[SyncWire], owner: type) -> Callable[P, Items[T]]: ...
    @overload
    def __get__(self, group: Group[AsyncWire], owner: type) -> Callable[P, AsyncItems[T]]: ...
    def __get__(self, group: Group[Any], owner: type) -> Callable[P, Any]:
        """Return the method."""

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            params = self.params(*args, **kwargs)
            wire = group.wire
            kind = Items if isinstance(wire, SyncWire) else AsyncItems
            return kind(wire, lambda: Pages(self, params))

        return call


class Stream(Route[P]):
    """A row that answers a stream of events."""

    def __init__(self, path: str, params: Callable[P, Params]) -> None:
        super().__init__("GET", path, params)

    @overload
    def __get__(self, group: Group[SyncWire], owner: type) -> Callable[P, Iterator[Item]]: ...
    @overload
    def __get__(self, group: Group[AsyncWire], owner: type) -> Callable[P, AsyncIterator[Item]]: ...
    def __get__(self, group: Group[Any], owner: type) -> Callable[P, Any]:
        """Return the method."""

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            params = self.params(*args, **kwargs)
            until = getattr(params, "until_id", None) or None
            return group.wire.follow(Follow(self._request(params, _nothing), until))

        return call


def _nothing(_content: bytes) -> None:
    return None
