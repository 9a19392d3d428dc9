"""Who works here: tenants, people, their membership with a role, invitations and login sessions.

Tenants, users and sessions are kept in the installation's own tenant, members and invitations in theirs. Every
installation begins with one tenant, one person and his membership, whom the local token stands for.
"""

from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.records.record import LOCAL_TENANT, Record

LOCAL_TENANT_ID = "3c1b17a4-fdc1-474e-a0c9-a374f2faa8c6"
LOCAL_USER_ID = "88b4bf18-0a48-4f1b-912f-a11d7f9ed30a"
LOCAL_MEMBER_ID = "c47879ce-8176-4116-8682-a3dc7573c07f"


class Role(StrEnum):
    """What a member may do; the scopes of each stand in the REST interface's table."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    TRADER = "TRADER"
    VIEWER = "VIEWER"
    ANALYST = "ANALYST"
    RISK_MANAGER = "RISK_MANAGER"
    COMPLIANCE = "COMPLIANCE"


class Plan(StrEnum):
    """What a tenant has agreed on."""

    FREE = "FREE"
    BASIC = "BASIC"
    PROFESSIONAL = "PROFESSIONAL"
    ENTERPRISE = "ENTERPRISE"


class InvitationStatus(StrEnum):
    """What became of an invitation."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class Tenant(Record, frozen=True, kw_only=True, tag="tenant"):
    """A team with its own members and rows."""

    name: str
    slug: str
    contact_email: str
    subdomain: str | None = None
    business_type: str = ""
    default_currency: str = "USD"
    plan: Plan = Plan.FREE
    max_users: int | None = None
    max_strategies: int | None = None
    max_orders_per_day: int | None = None
    is_suspended: bool = False
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class User(Record, frozen=True, kw_only=True, tag="user"):
    """A person. email: lower case, the login name; password_hash: argon2id, "" where nobody can log in.

    two_factor_secret: sealed. last_totp_step: the newest code that was used, so that none counts twice. Times: UTC ns.
    """

    email: str
    password_hash: str = ""
    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""
    profile_picture: str = ""
    bio: str = ""
    timezone: str = "UTC"
    language: str = "en"
    is_active: bool = True
    email_verified: bool = False
    failed_login_attempts: int = 0
    locked_until: int | None = None
    last_login: int | None = None
    last_password_change: int | None = None
    last_activity: int | None = None
    last_ip_address: str | None = None
    two_factor_enabled: bool = False
    two_factor_secret: str = ""
    last_totp_step: int = 0


class Member(Record, frozen=True, kw_only=True, tag="member"):
    """A person's place in a tenant. user_id: id of the User; email: his, for lists."""

    user_id: str
    email: str
    role: Role = Role.VIEWER
    is_active: bool = True


class Invitation(Record, frozen=True, kw_only=True, tag="invitation"):
    """A place in a tenant that waits for somebody. token_hash: SHA-256, hexadecimal; expires_at: UTC ns."""

    email: str
    role: Role
    token_hash: str
    invited_by: str
    expires_at: int
    status: InvitationStatus = InvitationStatus.PENDING


class UserSession(Record, frozen=True, kw_only=True, tag="user_session"):
    """A login. session_key: hash of the refresh token that is good now; home: tenant in which it acts."""

    user_id: str
    session_key: str
    home: str
    ip_address: str
    user_agent: str
    last_activity: int
    expires_at: int
    is_active: bool = True


BUILT_IN = (
    Tenant(id=LOCAL_TENANT_ID, row_version=1, name="Local", slug=LOCAL_TENANT, contact_email="local@localhost"),
    User(id=LOCAL_USER_ID, row_version=1, email="local@localhost", first_name="Local"),
    Member(id=LOCAL_MEMBER_ID, row_version=1, user_id=LOCAL_USER_ID, email="local@localhost", role=Role.OWNER),
)
"""What every installation begins with; the first migration of identities stores the same rows."""
