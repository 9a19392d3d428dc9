"""People on the wire: users, one's own profile, login, one-time codes and sessions. No answer holds a hash."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from workstation.api.credentials import tenant_uid
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    IdOut,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    TimeOut,
    time_or_none,
    time_text,
)
from workstation.domain.records import User as UserRecord
from workstation.domain.records import UserSession

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,189}")


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text.lower()


def _text(most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most)


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)]
Password = Annotated[str, StringConstraints(min_length=12, max_length=128)]
PersonName = Annotated[str, _text(150)]
Phone = Annotated[str, _text(20)]
Picture = Annotated[str, _text(200)]
Bio = Annotated[str, _text(500)]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,50}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,6})?$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,8}$")]
Token = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class UserCreate(Request):
    """A new person."""

    email: Email
    password: Password
    first_name: PersonName | None = None
    last_name: PersonName | None = None
    phone_number: Phone | None = None
    timezone: Zone = "UTC"
    language: Language = "en"


class ProfileUpdate(Request):
    """A partial change of a profile: absent stays, null clears what may be empty."""

    first_name: PersonName | None = None
    last_name: PersonName | None = None
    phone_number: Phone | None = None
    profile_picture: Picture | None = None
    bio: Bio | None = None
    timezone: Zone = unchanged()
    language: Language = unchanged()


class UserUpdate(ProfileUpdate):
    """A partial change of a person."""

    is_active: StrictBool = unchanged()


class UserList(RecordList):
    """Filters of the user list."""

    is_active: QueryFlag | None = None
    search: SearchText | None = None


class User(RecordOut):
    """A person."""

    email: str
    first_name: str | None
    last_name: str | None
    phone_number: str | None
    profile_picture: str | None
    bio: str | None
    timezone: str
    language: str
    is_active: bool
    email_verified: bool
    two_factor_enabled: bool
    locked_until: TimeOut | None
    last_login: TimeOut | None
    last_activity: TimeOut | None


class UserPage(Resource):
    """A page of people."""

    users: list[User]
    total_count: int | None
    has_next: bool


class Place(Resource):
    """A tenant that one belongs to."""

    id: IdOut
    name: str
    role: str


class CredentialOut(Resource):
    """What the caller proved himself with."""

    kind: Literal["LOCAL", "API_KEY", "SESSION"]
    id: IdOut | None
    expires_at: TimeOut | None


class Me(User):
    """The caller: himself, where he belongs, and what this credential may do."""

    tenants: list[Place]
    scopes: list[str]
    credential: CredentialOut


class Login(Request):
    """Name and password; the one-time code where it is switched on."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=128)]
    totp: Annotated[str, Field(min_length=1, max_length=8)] | None = None


class Refresh(Request):
    """A refresh token, good once."""

    refresh_token: Token


class TokenPair(Resource):
    """An access token for `Authorization: Bearer`, and the token that gets the next pair."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scopes: list[str]


class Register(UserCreate):
    """A new person who was invited."""

    invitation_token: Token


class PasswordChange(Request):
    """The old password and a new one."""

    current_password: Annotated[str, Field(min_length=1, max_length=128)]
    new_password: Password


class MfaSetup(Resource):
    """What an authenticator needs, shown once."""

    secret: str
    otpauth_uri: str


class MfaVerify(Request):
    """A one-time code that proves the authenticator works."""

    totp: Code


class SessionList(RecordList):
    """Filters of the session list."""

    is_active: QueryFlag | None = None


class Session(RecordOut):
    """A login."""

    ip_address: str | None
    user_agent: str | None
    is_active: bool
    last_activity: TimeOut
    expires_at: TimeOut
    is_current: bool


class SessionPage(Resource):
    """A page of logins."""

    sessions: list[Session]
    total_count: int | None
    has_next: bool


def user_body(user: UserRecord) -> dict[str, Any]:
    """Return a person as the wire shows him."""
    return {
        **record_body(user),
        "email": user.email,
        "first_name": user.first_name or None,
        "last_name": user.last_name or None,
        "phone_number": user.phone_number or None,
        "profile_picture": user.profile_picture or None,
        "bio": user.bio or None,
        "timezone": user.timezone,
        "language": user.language,
        "is_active": user.is_active,
        "email_verified": user.email_verified,
        "two_factor_enabled": user.two_factor_enabled,
        "locked_until": time_or_none(user.locked_until),
        "last_login": time_or_none(user.last_login),
        "last_activity": time_or_none(user.last_activity),
    }


def session_body(session: UserSession, current: str) -> dict[str, Any]:
    """Return a login as the wire shows it. current: id of the caller's own session."""
    return {
        **record_body(session),
        "tenant_id": tenant_uid(session.home),
        "ip_address": session.ip_address or None,
        "user_agent": session.user_agent or None,
        "is_active": session.is_active,
        "last_activity": time_text(session.last_activity),
        "expires_at": time_text(session.expires_at),
        "is_current": session.id == current,
    }
