"""Tenants: who shares a program, as members with a role, and who is invited to."""

from datetime import datetime
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import SortedParams, Value


class Tenant(Value, frozen=True, kw_only=True):
    """A tenant; a maximum is None where there is none."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    slug: str
    subdomain: str | None
    contact_email: str
    business_type: str | None
    default_currency: str
    plan: str
    max_users: int | None
    max_strategies: int | None
    max_orders_per_day: int | None
    is_suspended: bool
    metadata: dict[str, Any]


class Member(Value, frozen=True, kw_only=True):
    """A person's place in a tenant. scopes: what the role may do."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    user_id: str
    email: str
    role: str
    scopes: tuple[str, ...]
    is_active: bool


class Invitation(Value, frozen=True, kw_only=True):
    """An invitation without its token."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    email: str
    role: str
    status: str
    invited_by: str
    expires_at: datetime


class InvitationCreated(Invitation, frozen=True, kw_only=True):
    """An invitation with its token, shown this once."""

    token: str


class TenantList(SortedParams, kw_only=True):
    """Filters of the list of one's own tenants."""

    search: str | UnsetType = UNSET


class TenantId(Params):
    """Names a tenant."""

    tenant_id: str


class TenantCreate(Params, kw_only=True):
    """A new tenant; its maker becomes its OWNER. slug: small letters, digits and hyphens."""

    name: str
    slug: str
    contact_email: str
    subdomain: str | UnsetType = UNSET
    business_type: str | UnsetType = UNSET
    default_currency: str | UnsetType = UNSET
    plan: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class TenantUpdate(TenantId, kw_only=True):
    """A partial change: what is absent stays; None lifts a maximum. if_match: the tag that was read, or "*" for any."""

    if_match: int | str
    name: str | UnsetType = UNSET
    contact_email: str | UnsetType = UNSET
    subdomain: str | UnsetType | None = UNSET
    business_type: str | UnsetType | None = UNSET
    default_currency: str | UnsetType = UNSET
    plan: str | UnsetType = UNSET
    max_users: int | UnsetType | None = UNSET
    max_strategies: int | UnsetType | None = UNSET
    max_orders_per_day: int | UnsetType | None = UNSET
    is_suspended: bool | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class MemberList(SortedParams, kw_only=True):
    """Filters of the list."""

    tenant_id: str
    is_active: bool | UnsetType = UNSET
    role: str | UnsetType = UNSET
    search: str | UnsetType = UNSET


class MemberCreate(Params, kw_only=True):
    """A place for a person. role: at most the caller's own."""

    tenant_id: str
    user_id: str
    role: str


class MemberId(Params, kw_only=True):
    """Names a member by tenant and person."""

    tenant_id: str
    user_id: str


class MemberUpdate(MemberId, kw_only=True):
    """A partial change: what is absent stays. if_match: the tag that was read, or "*" for any."""

    if_match: int | str
    role: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class InvitationList(SortedParams, kw_only=True):
    """Filters of the list."""

    tenant_id: str
    status: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    search: str | UnsetType = UNSET


class InvitationCreate(Params, kw_only=True):
    """A place for somebody who is not there yet."""

    tenant_id: str
    email: str
    role: str


class InvitationId(Params, kw_only=True):
    """Names an invitation."""

    tenant_id: str
    invitation_id: str


class InvitationAccept(Params):
    """The token that was sent."""

    token: str


class Tenants(Group[W], Generic[W]):
    """Keep the tenants that one belongs to."""

    list = Listing("/tenants", TenantList, "tenants", Tenant)
    get = Call("GET", "/tenants/{tenant_id}", TenantId, Tenant)
    create = Call("POST", "/tenants", TenantCreate, Tenant)
    change = Call("PUT", "/tenants/{tenant_id}", TenantUpdate, Tenant)
    delete = Call("DELETE", "/tenants/{tenant_id}", TenantId, NoneType)


class Members(Group[W], Generic[W]):
    """Keep a tenant's members. Who leaves loses his keys and sessions there at once."""

    list = Listing("/tenants/{tenant_id}/users", MemberList, "members", Member)
    get = Call("GET", "/tenants/{tenant_id}/members/{user_id}", MemberId, Member)
    create = Call("POST", "/tenants/{tenant_id}/users", MemberCreate, Member)
    change = Call("PUT", "/tenants/{tenant_id}/members/{user_id}", MemberUpdate, Member)
    delete = Call("DELETE", "/tenants/{tenant_id}/members/{user_id}", MemberId, NoneType)


class Invitations(Group[W], Generic[W]):
    """Invite somebody, and accept. A token is shown once."""

    list = Listing("/tenants/{tenant_id}/invitations", InvitationList, "invitations", Invitation)
    get = Call("GET", "/tenants/{tenant_id}/invitations/{invitation_id}", InvitationId, Invitation)
    create = Call("POST", "/tenants/{tenant_id}/invitations", InvitationCreate, InvitationCreated)
    delete = Call("DELETE", "/tenants/{tenant_id}/invitations/{invitation_id}", InvitationId, NoneType)
    accept = Call("POST", "/invitations/accept", InvitationAccept, Member)
