"""The client's methods for people, their sessions and their tenants, against a served core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.cutting_proxy import CuttingProxy
from workstation.api.options import ApiOptions
from workstation.client import Address, Client, OutcomeUnknown, PermissionDenied, Unauthenticated

PASSWORD = "correct horse battery"
ANN = {"email": "ann@desk.example", "password": PASSWORD}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    options = ApiOptions(database_kind="postgresql", pin_token=True)
    with served(tmp_path, options=options) as rig:
        yield rig


@pytest.fixture
def client(rig: ApiRig) -> Iterator[Client]:
    with Client(rig.home) as client:
        yield client


def session(rig: ApiRig, token: str) -> Client:
    return Client(address=Address(rig.url, token))


def test_a_person_logs_in_changes_his_profile_and_logs_out(rig: ApiRig, client: Client) -> None:
    ann = client.users.create(**ANN)
    assert client.auth.me().credential.kind == "LOCAL"
    first = client.auth.login(**ANN)
    pair = client.auth.refresh(first.refresh_token)
    with pytest.raises(Unauthenticated):
        client.auth.login(email=ann.email, password="not this one at all")
    with session(rig, pair.access_token) as hers:
        me = hers.auth.me()
        assert (me.id, me.credential.kind, [place.role for place in me.tenants]) == (ann.id, "SESSION", ["VIEWER"])
        assert hers.auth.change_me(if_match="*", first_name="Ann").first_name == "Ann"
        assert hers.auth.change_me(if_match="*", first_name=None).first_name is None
        assert hers.auth.set_up_mfa().otpauth_uri.startswith("otpauth://")
        other = client.auth.login(**ANN)
        (ended,) = [row for row in hers.sessions.list() if not row.is_current]
        hers.sessions.delete(ended.id)
        with session(rig, other.access_token) as elsewhere, pytest.raises(Unauthenticated):
            elsewhere.auth.me()
        hers.auth.logout()
        with pytest.raises(Unauthenticated):
            hers.auth.me()


def test_users_are_kept(client: Client) -> None:
    ann = client.users.create(**ANN, last_name="Berg")
    assert client.users.change(user_id=ann.id, if_match="*", is_active=False).is_active is False
    assert [row.id for row in client.users.list(is_active=False)] == [ann.id]
    assert client.users.unlock(ann.id).success
    client.users.delete(ann.id)
    assert ann.id not in [row.id for row in client.users.list()]


def test_somebody_is_invited_joins_and_leaves(rig: ApiRig, client: Client) -> None:
    acme = client.tenants.create(name="Acme", slug="acme", contact_email="desk@acme.example")
    assert client.tenants.change(tenant_id=acme.id, if_match="*", max_users=5).max_users == 5
    invited = client.invitations.create(tenant_id=acme.id, email=ANN["email"], role="TRADER")
    ann = client.auth.register(**ANN, invitation_token=invited.token)
    assert [row.status for row in client.invitations.list(tenant_id=acme.id)] == ["ACCEPTED"]
    (hers,) = [row for row in client.members.list(tenant_id=acme.id) if row.user_id == ann.id]
    assert hers.role == "TRADER"
    changed = client.members.change(tenant_id=acme.id, user_id=ann.id, if_match="*", role="VIEWER")
    assert set(changed.scopes) < set(hers.scopes)
    client.members.delete(tenant_id=acme.id, user_id=ann.id)
    assert ann.id not in [row.user_id for row in client.members.list(tenant_id=acme.id)]
    late = client.invitations.create(tenant_id=acme.id, email="bob@acme.example", role="VIEWER")
    client.invitations.delete(tenant_id=acme.id, invitation_id=late.id)
    client.tenants.delete(acme.id)
    assert acme.id not in [row.id for row in client.tenants.list()]


def test_a_person_accepts_a_place_in_another_tenant(rig: ApiRig, client: Client) -> None:
    client.users.create(**ANN)
    acme = client.tenants.create(name="Acme", slug="acme", contact_email="desk@acme.example")
    invited = client.invitations.create(tenant_id=acme.id, email=ANN["email"], role="TRADER")
    with session(rig, client.auth.login(**ANN).access_token) as person:
        place = person.invitations.accept(invited.token)
        assert (place.tenant_id, place.role) == (acme.id, "TRADER")
        assert {row.id for row in person.tenants.list()} > {acme.id}
        with pytest.raises(PermissionDenied):
            person.tenants.create(name="Own", slug="own", contact_email="ann@own.example")


def test_a_login_whose_answer_is_lost_is_not_repeated(rig: ApiRig, client: Client) -> None:
    client.users.create(**ANN)
    with CuttingProxy(rig.port) as proxy, Client(address=Address(f"http://127.0.0.1:{proxy.port}", "none")) as person:
        proxy.cut = 1
        with pytest.raises(OutcomeUnknown) as unknown:
            person.auth.login(**ANN)
        with pytest.raises(ValueError, match="key"):
            person.repeat(unknown.value)
        assert proxy.passed == 1
