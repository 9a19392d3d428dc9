"""Tenants, their members and invitations. What the caller does not belong to is unknown to him."""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from workstation.api.credentials import hash_of, user_id
from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    etag_of,
    expected_version,
    find_record,
    given,
    list_records,
    read_record,
    record_answer,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.tenants import (
    Invitation,
    InvitationAccept,
    InvitationCreate,
    InvitationCreated,
    InvitationList,
    InvitationPage,
    Member,
    MemberCreate,
    MemberList,
    MemberPage,
    MemberUpdate,
    Tenant,
    TenantCreate,
    TenantList,
    TenantPage,
    TenantUpdate,
    invitation_body,
    member_body,
    tenant_body,
)
from workstation.api.tenancy import (
    accepted,
    check_grant,
    invitation_of,
    join,
    leave,
    place_for,
    require_team,
    tenant_of,
    token_for,
)
from workstation.commands.records_identity import tenant_key
from workstation.domain.records import LOCAL_TENANT
from workstation.domain.records import Invitation as InvitationRecord
from workstation.domain.records import Member as MemberRecord
from workstation.domain.records import Tenant as TenantRecord
from workstation.domain.records.identity import LOCAL_TENANT_ID, Role
from workstation.domain.times import NS_PER_S

routes = Routes()

INVITED_NS = 7 * 86_400 * NS_PER_S
_TENANT_ID = {"tenant_id": "uuid"}
_MEMBER = {"tenant_id": "uuid", "user_id": "uuid"}
_INVITATION = {"tenant_id": "uuid", "invitation_id": "uuid"}


def _own_tenants(call: Call) -> Mapping[str, Any]:
    places = call.services.credentials.directory.memberships(user_id(call.credential.user))
    return {"id": tuple(LOCAL_TENANT_ID if place.tenant == LOCAL_TENANT else place.tenant for place in places)}


def _named_tenant(call: Call) -> str:
    return tenant_key(call.path_params["tenant_id"])


TENANTS = RecordResource(
    kind=TenantRecord,
    form=ListForm(
        key="tenants", model=Tenant, orderings={"created_at": "created_at", "name": "name"}, default="-created_at"
    ),
    body=lambda _, tenant: tenant_body(tenant),
    id_name="tenant_id",
    owned=_own_tenants,
    tenant=lambda _: LOCAL_TENANT,
)
MEMBERS = RecordResource(
    kind=MemberRecord,
    form=ListForm(
        key="members", model=Member, orderings={"created_at": "created_at", "email": "email"}, default="-created_at"
    ),
    body=lambda _, member: member_body(member),
    id_name="user_id",
    filters={"is_active": "is_active", "role": "role"},
    tenant=_named_tenant,
)
INVITATIONS = RecordResource(
    kind=InvitationRecord,
    form=ListForm(
        key="invitations",
        model=Invitation,
        orderings={"created_at": "created_at", "email": "email"},
        default="-created_at",
    ),
    body=lambda call, invitation: invitation_body(invitation, call.services.now_ns()),
    id_name="invitation_id",
    filters={"status": "status", "role": "role"},
    tenant=_named_tenant,
)


@routes.add("GET", "/tenants", scope=None, query=TenantList, answers={200: TenantPage}, form=TENANTS.form)
async def list_tenants(call: Call) -> Answer:
    """List the tenants that one belongs to."""
    return await list_records(call, TENANTS)


@routes.add("POST", "/tenants", scope="tenants:admin", body=TenantCreate, answers={201: Tenant})
async def create_tenant(call: Call) -> Answer:
    """Make a tenant and become its OWNER."""
    require_team(call)
    asked: TenantCreate = call.body
    draft = TenantRecord(
        id=str(uuid.uuid4()),
        name=asked.name,
        slug=asked.slug,
        contact_email=asked.contact_email,
        subdomain=asked.subdomain,
        business_type=asked.business_type or "",
        default_currency=asked.default_currency,
        plan=asked.plan,
        metadata=asked.metadata or {},
    )
    owner = call.services.credentials.directory.user(user_id(call.credential.user))
    places = () if owner is None else (place_for(draft.id, owner, Role.OWNER),)
    return await create_record(call, TENANTS, draft, also=places)


@routes.add(
    "GET",
    "/tenants/{tenant_id}",
    scope="tenants:manage",
    query=RecordRead,
    answers={200: Tenant},
    path_types=_TENANT_ID,
)
async def get_tenant(call: Call) -> Answer:
    """Read a tenant."""
    tenant_of(call, "tenants:manage")
    return await read_record(call, TENANTS)


@routes.change(
    "/tenants/{tenant_id}", scope="tenants:manage", body=TenantUpdate, answers={200: Tenant}, path_types=_TENANT_ID
)
async def put_tenant(call: Call) -> Answer:
    """Change a tenant."""
    tenant_of(call, "tenants:manage")
    changes = given(call.body, business_type=lambda text: text or "", metadata=lambda value: value or {})
    return await change_record(call, TENANTS, changes)


@routes.add("DELETE", "/tenants/{tenant_id}", scope="tenants:admin", answers={204: None}, path_types=_TENANT_ID)
async def delete_tenant(call: Call) -> Answer:
    """Delete a tenant; nobody acts in it from then on."""
    require_team(call)
    tenant_of(call, "tenants:admin")
    return await delete_record(call, TENANTS)


@routes.add(
    "GET", "/tenants/{tenant_id}/users", scope="users:view", query=MemberList, answers={200: MemberPage},
    form=MEMBERS.form,
    path_types=_TENANT_ID,
)  # fmt: skip
async def list_members(call: Call) -> Answer:
    """List a tenant's members."""
    tenant_of(call, "users:view")
    return await list_records(call, MEMBERS)


@routes.add(
    "POST", "/tenants/{tenant_id}/users", scope="tenants:manage", body=MemberCreate, answers={201: Member},
    path_types=_TENANT_ID,
)  # fmt: skip
async def create_member(call: Call) -> Answer:
    """Give a person a place in a tenant."""
    asked: MemberCreate = call.body
    tenant_of(call, "tenants:manage")
    check_grant(call, asked.role)
    directory = call.services.credentials.directory
    user = directory.user(asked.user_id)
    callers = {place.tenant for place in directory.memberships(user_id(call.credential.user))}
    known = user is not None and (callers & {place.tenant for place in directory.memberships(user.id)})
    if user is None or not known:
        raise ApiError("NOT_FOUND", "No such user.", {"field": "user_id"})
    member = await join(call, _named_tenant(call), user, asked.role)
    headers = {
        "ETag": etag_of(member),
        "Location": f"/api/v1/tenants/{call.path_params['tenant_id']}/members/{user.id}",
    }
    return json_answer(201, member_body(member), headers)


@routes.add(
    "GET", "/tenants/{tenant_id}/members/{user_id}", scope="users:view", query=RecordRead, answers={200: Member},
    path_types=_MEMBER,
)  # fmt: skip
async def get_member(call: Call) -> Answer:
    """Read a member."""
    return await read_record(call, MEMBERS, record=_member(call, "users:view"))


@routes.change(
    "/tenants/{tenant_id}/members/{user_id}", scope="tenants:manage", body=MemberUpdate, answers={200: Member},
    path_types=_MEMBER,
)  # fmt: skip
async def put_member(call: Call) -> Answer:
    """Change a member's role or place."""
    member = _member(call)
    changes = given(call.body)
    check_grant(call, member.role)
    if "role" in changes:
        check_grant(call, changes["role"])
    return await change_record(call, MEMBERS, changes, before=member)


@routes.add(
    "DELETE", "/tenants/{tenant_id}/members/{user_id}", scope="tenants:manage", answers={204: None}, path_types=_MEMBER
)
async def delete_member(call: Call) -> Answer:
    """End a member's place; his keys and sessions in the tenant end with it."""
    member = _member(call)
    check_grant(call, member.role)
    await leave(call, member, expected_version(call, member))
    return Answer(204)


@routes.add(
    "GET", "/tenants/{tenant_id}/invitations", scope="tenants:manage", query=InvitationList,
    answers={200: InvitationPage}, form=INVITATIONS.form, path_types=_TENANT_ID,
)  # fmt: skip
async def list_invitations(call: Call) -> Answer:
    """List a tenant's invitations."""
    tenant_of(call, "tenants:manage")
    return await list_records(call, INVITATIONS)


@routes.add(
    "POST", "/tenants/{tenant_id}/invitations", scope="tenants:manage", body=InvitationCreate,
    answers={201: InvitationCreated}, path_types=_TENANT_ID,
)  # fmt: skip
async def create_invitation(call: Call) -> Answer:
    """Invite somebody; the token is shown once."""
    require_team(call)
    tenant_of(call, "tenants:manage")
    asked: InvitationCreate = call.body
    check_grant(call, asked.role)
    token = token_for(_named_tenant(call), secrets.token_hex(32))
    draft = InvitationRecord(
        tenant=_named_tenant(call),
        email=asked.email,
        role=asked.role,
        token_hash=hash_of(token),
        invited_by=user_id(call.credential.user),
        expires_at=call.services.now_ns() + INVITED_NS,
    )
    return await create_record(call, INVITATIONS, draft, once={"token": token})


@routes.add(
    "GET", "/tenants/{tenant_id}/invitations/{invitation_id}", scope="tenants:manage", query=RecordRead,
    answers={200: Invitation}, path_types=_INVITATION, tagged=True,
)  # fmt: skip
async def get_invitation(call: Call) -> Answer:
    """Read an invitation."""
    tenant_of(call, "tenants:manage")
    return await read_record(call, INVITATIONS)


@routes.add(
    "DELETE", "/tenants/{tenant_id}/invitations/{invitation_id}", scope="tenants:manage", answers={204: None},
    path_types=_INVITATION,
)  # fmt: skip
async def delete_invitation(call: Call) -> Answer:
    """Take an invitation back."""
    tenant_of(call, "tenants:manage")
    await find_record(call, INVITATIONS)
    return await delete_record(call, INVITATIONS)


@routes.add("POST", "/invitations/accept", scope=None, body=InvitationAccept, answers={200: Member})
async def accept_invitation(call: Call) -> Answer:
    """Take the place that one was invited to."""
    asked: InvitationAccept = call.body
    require_team(call)
    call.services = call.services.whole  # the token opens one invitation, of whichever tenant
    invitation = await invitation_of(call, asked.token)
    user = call.services.credentials.directory.user(user_id(call.credential.user))
    if invitation is None or user is None or user.email != invitation.email:
        raise ApiError("NOT_FOUND", "No such invitation.")
    member = await accepted(call, invitation, user)
    return record_answer(call, MEMBERS, 200, member)


def _member(call: Call, scope: str = "tenants:manage") -> MemberRecord:
    tenant_of(call, scope)
    found = call.services.credentials.directory.member(_named_tenant(call), call.path_params["user_id"])
    if found is None:
        raise ApiError("NOT_FOUND", "No such member.")
    return found
