"""Tenants, their members and invitations on the wire."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints, field_validator

from workstation.api.schemas.orders import check_metadata
from workstation.api.schemas.people import Email, Token
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import IdOut, QueryFlag, Request, Resource, SearchText, TimeOut, Uuid, time_text
from workstation.api.scopes import ROLES
from workstation.domain.records import Invitation as InvitationRecord
from workstation.domain.records import Member as MemberRecord
from workstation.domain.records import Tenant as TenantRecord
from workstation.domain.records.identity import InvitationStatus, Plan, Role

TenantName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,50}$")]
Subdomain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
BusinessType = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=0, le=2_147_483_647)]
PlanName = Annotated[Plan, Field(strict=False)]
RoleName = Annotated[Role, Field(strict=False)]


class TenantCreate(Request):
    """A new tenant; its maker becomes its OWNER."""

    name: TenantName
    slug: Slug
    contact_email: Email
    subdomain: Subdomain | None = None
    business_type: BusinessType | None = None
    default_currency: Currency = "USD"
    plan: PlanName = Plan.FREE
    metadata: dict[str, Any] | None = None

    @field_validator("metadata")
    @classmethod
    def _kept(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        check_metadata(value)
        return value


class TenantUpdate(Request):
    """A partial change of a tenant."""

    name: TenantName = unchanged()
    contact_email: Email = unchanged()
    subdomain: Subdomain | None = None
    business_type: BusinessType | None = None
    default_currency: Currency = unchanged()
    plan: PlanName = unchanged()
    max_users: Count | None = None
    max_strategies: Count | None = None
    max_orders_per_day: Count | None = None
    is_suspended: StrictBool = unchanged()
    metadata: dict[str, Any] | None = None

    @field_validator("metadata")
    @classmethod
    def _kept(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        check_metadata(value)
        return value


class TenantList(RecordList):
    """Filters of the tenant list."""

    search: SearchText | None = None


class Tenant(RecordOut):
    """A tenant."""

    name: str
    slug: str
    subdomain: str | None
    contact_email: str
    business_type: str | None
    default_currency: str
    plan: Plan
    max_users: int | None
    max_strategies: int | None
    max_orders_per_day: int | None
    is_suspended: bool
    metadata: dict[str, Any]


class TenantPage(Resource):
    """A page of tenants."""

    tenants: list[Tenant]
    total_count: int | None
    has_next: bool


class MemberCreate(Request):
    """A place for a person."""

    user_id: Uuid
    role: RoleName


class MemberUpdate(Request):
    """A partial change of a place."""

    role: RoleName = unchanged()
    is_active: StrictBool = unchanged()


class MemberList(RecordList):
    """Filters of the member list."""

    is_active: QueryFlag | None = None
    role: Role | None = None
    search: SearchText | None = None


class Member(RecordOut):
    """A person's place in a tenant."""

    user_id: IdOut
    email: str
    role: Role
    scopes: list[str]
    is_active: bool


class MemberPage(Resource):
    """A page of members."""

    members: list[Member]
    total_count: int | None
    has_next: bool


class InvitationCreate(Request):
    """A place for somebody who is not there yet."""

    email: Email
    role: RoleName


class InvitationList(RecordList):
    """Filters of the invitation list."""

    status: InvitationStatus | None = None
    role: Role | None = None
    search: SearchText | None = None


class Invitation(RecordOut):
    """An invitation."""

    email: str
    role: Role
    status: InvitationStatus
    invited_by: IdOut
    expires_at: TimeOut


class InvitationCreated(Invitation):
    """An invitation with its token, shown this once."""

    token: str


class InvitationPage(Resource):
    """A page of invitations."""

    invitations: list[Invitation]
    total_count: int | None
    has_next: bool


class InvitationAccept(Request):
    """The token that was sent."""

    token: Token


def tenant_body(tenant: TenantRecord) -> dict[str, Any]:
    """Return a tenant as the wire shows it."""
    return {
        **record_body(tenant),
        "tenant_id": tenant.id,
        "name": tenant.name,
        "slug": tenant.slug,
        "subdomain": tenant.subdomain,
        "contact_email": tenant.contact_email,
        "business_type": tenant.business_type or None,
        "default_currency": tenant.default_currency,
        "plan": tenant.plan,
        "max_users": tenant.max_users,
        "max_strategies": tenant.max_strategies,
        "max_orders_per_day": tenant.max_orders_per_day,
        "is_suspended": tenant.is_suspended,
        "metadata": tenant.metadata,
    }


def member_body(member: MemberRecord) -> dict[str, Any]:
    """Return a member as the wire shows him."""
    return {
        **record_body(member),
        "user_id": member.user_id,
        "email": member.email,
        "role": member.role,
        "scopes": sorted(ROLES[member.role]),
        "is_active": member.is_active,
    }


def invitation_body(invitation: InvitationRecord, now_ns: int) -> dict[str, Any]:
    """Return an invitation as the wire shows it; one that has run out says so."""
    waits = invitation.status is InvitationStatus.PENDING
    is_over = waits and invitation.expires_at <= now_ns
    return {
        **record_body(invitation),
        "email": invitation.email,
        "role": invitation.role,
        "status": InvitationStatus.EXPIRED if is_over else invitation.status,
        "invited_by": invitation.invited_by,
        "expires_at": time_text(invitation.expires_at),
    }
