"""People: login and one's own profile, password and one-time codes, sessions, and the users of a tenant."""

from datetime import datetime
from types import NoneType
from typing import Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import ActionResult, Nothing, SortedParams, Value


class User(Value, frozen=True, kw_only=True):
    """A person. locked_until: no login before that."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
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
    locked_until: datetime | None
    last_login: datetime | None
    last_activity: datetime | None


class Place(Value, frozen=True, kw_only=True):
    """A tenant that one belongs to."""

    id: str
    name: str
    role: str


class Credential(Value, frozen=True, kw_only=True):
    """What the caller proved himself with. kind: LOCAL, API_KEY or SESSION."""

    kind: str
    id: str | None
    expires_at: datetime | None


class Me(User, frozen=True, kw_only=True):
    """The caller. scopes: what this credential may do."""

    tenants: tuple[Place, ...]
    scopes: tuple[str, ...]
    credential: Credential


class TokenPair(Value, frozen=True, kw_only=True):
    """A session's tokens. access_token: an `Address` takes it, for `expires_in` seconds; refresh_token: good once."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    scopes: tuple[str, ...]


class MfaSetup(Value, frozen=True, kw_only=True):
    """What an authenticator needs, shown this once."""

    secret: str
    otpauth_uri: str


class Session(Value, frozen=True, kw_only=True):
    """A login. is_current: the one that asks."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    ip_address: str | None
    user_agent: str | None
    is_active: bool
    last_activity: datetime
    expires_at: datetime
    is_current: bool


class Login(Params, kw_only=True):
    """Name and password. totp: the one-time code, where it is switched on."""

    email: str
    password: str
    totp: str | UnsetType = UNSET


class Refresh(Params):
    """The refresh token of the last pair."""

    refresh_token: str


class UserCreate(Params, kw_only=True):
    """A new person. password: 12 to 128 characters."""

    email: str
    password: str
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    language: str | UnsetType = UNSET


class Register(UserCreate, kw_only=True):
    """A new person who was invited, at the address that was invited."""

    invitation_token: str


class ProfileUpdate(Params, kw_only=True):
    """A partial change: what is absent stays; None clears a text. if_match: the tag that was read, or "*" for any."""

    if_match: int | str
    first_name: str | UnsetType | None = UNSET
    last_name: str | UnsetType | None = UNSET
    phone_number: str | UnsetType | None = UNSET
    profile_picture: str | UnsetType | None = UNSET
    bio: str | UnsetType | None = UNSET
    timezone: str | UnsetType = UNSET
    language: str | UnsetType = UNSET


class PasswordChange(Params, kw_only=True):
    """The old password and a new one."""

    current_password: str
    new_password: str


class MfaVerify(Params):
    """A first code of the authenticator."""

    totp: str


class SessionList(SortedParams, kw_only=True):
    """Filters of the list."""

    is_active: bool | UnsetType = UNSET


class SessionId(Params):
    """Names a session."""

    session_id: str


class UserList(SortedParams, kw_only=True):
    """Filters of the list."""

    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class UserId(Params):
    """Names a person."""

    user_id: str


class UserUpdate(ProfileUpdate, kw_only=True):
    """A partial change of a person, as of a profile."""

    user_id: str
    is_active: bool | UnsetType = UNSET


class Auth(Group[W], Generic[W]):
    """Log in, and keep one's own profile, password and one-time codes. Logout, password and codes need a session."""

    login = Call("POST", "/auth/login", Login, TokenPair)
    refresh = Call("POST", "/auth/refresh", Refresh, TokenPair)
    register = Call("POST", "/auth/register", Register, User)
    logout = Call("POST", "/auth/logout", Nothing, NoneType)
    me = Call("GET", "/auth/me", Nothing, Me)
    change_me = Call("PUT", "/auth/me", ProfileUpdate, Me)
    change_password = Call("POST", "/auth/change-password", PasswordChange, ActionResult)
    set_up_mfa = Call("POST", "/auth/mfa/setup", Nothing, MfaSetup)
    verify_mfa = Call("POST", "/auth/mfa/verify", MfaVerify, ActionResult)
    end_mfa = Call("DELETE", "/auth/mfa", Nothing, NoneType)


class Sessions(Group[W], Generic[W]):
    """See and end one's own sessions."""

    list = Listing("/auth/sessions", SessionList, "sessions", Session)
    delete = Call("DELETE", "/auth/sessions/{session_id}", SessionId, NoneType)


class Users(Group[W], Generic[W]):
    """Keep the people of the tenant. A deleted person's keys and sessions end at once."""

    list = Listing("/users", UserList, "users", User)
    get = Call("GET", "/users/{user_id}", UserId, User)
    create = Call("POST", "/users", UserCreate, User)
    change = Call("PUT", "/users/{user_id}", UserUpdate, User)
    delete = Call("DELETE", "/users/{user_id}", UserId, NoneType)
    unlock = Call("POST", "/users/{user_id}/unlock", UserId, ActionResult)
