"""Uses of API keys: counted at once, kept once a minute, offered again where they could not be kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.helpers.memory_key_uses import MemoryKeyUses
from workstation.api.key_uses import KeyTally, KeyUseKeeper
from workstation.ports.key_uses import KeyUse


async def read(call: Callable[..., Any], *args: Any) -> Any:
    return call(*args)


def kept(store: MemoryKeyUses) -> dict[str, tuple[int, int]]:
    return {use.key_id: (use.uses, use.last_used_at) for use in store.every()}


def test_many_calls_of_a_key_are_one_write():
    store, tally = MemoryKeyUses(), KeyTally()
    keeper = KeyUseKeeper(tally, store, read)
    for now in range(1, 501):
        tally.hit("local", "k1", now)
    tally.hit("local", "k2", 7)
    asyncio.run(keeper.keep())
    asyncio.run(keeper.keep())
    assert (store.writes, kept(store)) == (1, {"k1": (500, 500), "k2": (1, 7)})


def test_what_could_not_be_kept_is_kept_later_with_what_came_since():
    store, tally = MemoryKeyUses(), KeyTally()
    keeper = KeyUseKeeper(tally, store, read)
    store.writable = False
    tally.hit("local", "k1", 1)
    asyncio.run(keeper.keep())
    tally.hit("local", "k1", 9)
    store.writable = True
    asyncio.run(keeper.keep())
    assert kept(store) == {"k1": (2, 9)}


def test_a_start_goes_on_from_what_was_kept_and_a_stop_keeps_the_rest():
    store = MemoryKeyUses()
    store.add([KeyUse(tenant="local", key_id="k1", last_used_at=5, uses=4)])

    async def live() -> KeyUse | None:
        tally = KeyTally()
        keeper = KeyUseKeeper(tally, store, read)
        keeper.start()
        tally.hit("local", "k1", 8)
        await keeper.stop()
        return tally.of("k1")

    assert asyncio.run(live()) == KeyUse(tenant="local", key_id="k1", last_used_at=8, uses=5)
    assert kept(store) == {"k1": (5, 8)}
