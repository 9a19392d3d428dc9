"""The book of records: living ones by kind, tenant and id, unique names, and what a snapshot brings back."""

from __future__ import annotations

import msgspec

from workstation.domain.records import BUILT_IN, LOCAL_TENANT, ApiKey, Tenant, User
from workstation.domain.records.book import RecordBook
from workstation.domain.records.identity import LOCAL_TENANT_ID


def user(name: str, **changes: object) -> User:
    return User(**({"id": name, "row_version": 1, "email": f"{name}@desk.example"} | changes))


def test_a_new_book_knows_whom_every_installation_begins_with() -> None:
    book = RecordBook()
    assert [record.id for record in book.dump()] == sorted(record.id for record in BUILT_IN)
    assert book.find(Tenant, LOCAL_TENANT, LOCAL_TENANT_ID) == BUILT_IN[0]


def test_a_record_is_found_in_its_own_tenant_and_kind_alone() -> None:
    book = RecordBook()
    book.apply(user("ann", tenant="t1"))
    assert book.find(User, "t1", "ann") == user("ann", tenant="t1")
    assert book.find(User, "t2", "ann") is None
    assert book.find(ApiKey, "t1", "ann") is None
    assert [record.id for record in book.all(User, "t1")] == ["ann"]


def test_a_unique_name_is_held_without_regard_to_case_until_it_is_freed() -> None:
    book = RecordBook()
    book.apply(user("ann", email="Ann@desk.example"))
    rival = user("bob", email="ann@DESK.example")
    assert book.holder(rival) == "ann"
    assert book.holder(user("ann", email="ann@desk.example")) is None
    assert book.holder(msgspec.structs.replace(rival, tenant="other")) is None
    book.apply(user("ann", email="new@desk.example", row_version=2))
    assert book.holder(rival) is None
    book.apply(user("ann", email="new@desk.example", row_version=3, deleted_at=1))
    assert book.holder(user("eve", email="new@desk.example")) is None
    assert book.find(User, LOCAL_TENANT, "ann") is None


def test_living_records_are_counted_by_kind_and_tenant() -> None:
    book = RecordBook()
    began = book.count(User, LOCAL_TENANT)
    book.apply(user("ann"))
    book.apply(user("ann", row_version=2))
    book.apply(user("bob", tenant="t1"))
    assert (book.count(User, LOCAL_TENANT), book.count(User, "t1"), book.count(User, "t2")) == (began + 1, 1, 0)
    copy = RecordBook()
    copy.load(book.dump())
    assert (copy.count(User, LOCAL_TENANT), copy.count(User, "t1")) == (began + 1, 1)
    book.apply(user("ann", row_version=3, deleted_at=1))
    assert book.count(User, LOCAL_TENANT) == began


def test_a_snapshot_brings_back_what_was_there_and_what_had_gone_stays_gone() -> None:
    book = RecordBook()
    member = BUILT_IN[2]
    book.apply(msgspec.structs.replace(member, deleted_at=1))
    book.apply(user("ann"))
    copy = RecordBook()
    copy.load(book.dump())
    assert copy.dump() == book.dump()
    assert member not in copy.dump()
    assert copy.holder(user("bob", email="ann@desk.example")) == "ann"
