"""Login, one's own profile, sessions, passwords and one-time codes."""

from typing import Any

from workstation.api.credentials import CredentialKind, tenant_uid, user_id
from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.guard import API_ROOT
from workstation.api.lists import ListForm
from workstation.api.proofs import otpauth_uri, totp_secret, totp_step
from workstation.api.reading import unseen
from workstation.api.records import (
    RecordResource,
    etag_of,
    expected_version,
    find_record,
    given,
    list_records,
    run_record_command,
)
from workstation.api.routes.users import user_draft
from workstation.api.schemas.people import (
    Login,
    Me,
    MfaSetup,
    MfaVerify,
    PasswordChange,
    ProfileUpdate,
    Refresh,
    Register,
    Session,
    SessionList,
    SessionPage,
    TokenPair,
    User,
    session_body,
    user_body,
)
from workstation.api.schemas.system import ActionResult
from workstation.api.schemas.values import time_or_none
from workstation.api.sign_in import change_user, end_session, end_sessions, new_hash, password_check, refresh, sign_in
from workstation.api.tenancy import accepted, invitation_of
from workstation.commands.records import ChangeRecord
from workstation.domain.records import LOCAL_TENANT, UserSession
from workstation.domain.records import User as UserRecord

routes = Routes()

_SESSION_ID = {"session_id": "uuid"}
_TEXTS = ("first_name", "last_name", "phone_number", "profile_picture", "bio")


def profile_changes(body: ProfileUpdate) -> dict[str, Any]:
    """Return the changes of a profile; what was cleared is kept as an empty text."""
    return given(body, **dict.fromkeys(_TEXTS, lambda text: text or ""))


@routes.add("POST", "/auth/login", scope=None, body=Login, answers={200: TokenPair})
async def log_in(call: Call) -> Answer:
    """Open a session with name, password and, where it is switched on, a one-time code."""
    asked: Login = call.body
    return json_answer(200, await sign_in(call, asked.email.strip(), asked.password, asked.totp))


@routes.add("POST", "/auth/refresh", scope=None, body=Refresh, answers={200: TokenPair})
async def refresh_tokens(call: Call) -> Answer:
    """Get the next pair of tokens; a refresh token is good once."""
    asked: Refresh = call.body
    return json_answer(200, await refresh(call, asked.refresh_token))


@routes.add("POST", "/auth/register", scope=None, body=Register, answers={201: User})
async def register_user(call: Call) -> Answer:
    """Join with an invitation."""
    asked: Register = call.body
    invitation = await invitation_of(call, asked.invitation_token)
    if invitation is None or invitation.email != asked.email:
        raise ApiError("REGISTRATION_CLOSED", "Joining needs a valid invitation to this address.")
    draft = await user_draft(call, asked)
    await accepted(call, invitation, draft, is_new=True)
    user = call.services.credentials.directory.user(draft.id) or draft
    headers = {"ETag": etag_of(user), "Location": f"{API_ROOT}/users/{user.id}"}
    return json_answer(201, user_body(user), headers)


@routes.add("GET", "/auth/me", scope=None, answers={200: Me})
async def get_me(call: Call) -> Answer:
    """Read who one is, where one belongs, and what this credential may do."""
    user = _self(call)
    tag = etag_of(user)
    return unseen(call, tag) or json_answer(200, _me(call, user), {"ETag": tag})


@routes.change("/auth/me", scope=None, body=ProfileUpdate, answers={200: Me})
async def put_me(call: Call) -> Answer:
    """Change one's own profile."""
    user = _self(call)
    version = expected_version(call, user)
    params = ChangeRecord(id=user.id, changes=profile_changes(call.body), expected_version=version)
    result = await run_record_command(call, "user.update", params, None)
    return json_answer(200, _me(call, result.data), {"ETag": etag_of(result.data)})


@routes.add("POST", "/auth/logout", scope=None, answers={204: None})
async def log_out(call: Call) -> Answer:
    """End this session."""
    await end_session(call, _session(call))
    return Answer(204)


@routes.add("POST", "/auth/change-password", scope=None, body=PasswordChange, answers={200: ActionResult})
async def change_password(call: Call) -> Answer:
    """Change one's password; other sessions end."""
    asked: PasswordChange = call.body
    session, user = _session(call), _self(call)
    if not await password_check(call, asked.current_password, user.password_hash):
        call.services.credentials.count_failure()
        raise ApiError("INVALID_CREDENTIALS", "The current password is wrong.")
    now = call.services.now_ns()
    kept = await new_hash(call, asked.new_password)
    await change_user(call, user, {"password_hash": kept, "last_password_change": now})
    await end_sessions(call, user.id, but=session.id)
    return json_answer(200, {"success": True, "message": "The password is changed.", "data": None})


@routes.add("POST", "/auth/mfa/setup", scope=None, answers={200: MfaSetup})
async def set_up_mfa(call: Call) -> Answer:
    """Get the secret for an authenticator; it counts once a code of it was verified."""
    _session(call)
    user = _self(call)
    if user.two_factor_enabled:
        raise ApiError("STATE_CONFLICT", "One-time codes are on already.", {"state": "on", "allowed": ["off"]})
    secret = totp_secret()
    await change_user(call, user, {"two_factor_secret": call.services.sealer.seal(secret)})
    return json_answer(200, {"secret": secret, "otpauth_uri": otpauth_uri(secret, user.email)})


@routes.add("POST", "/auth/mfa/verify", scope=None, body=MfaVerify, answers={200: ActionResult})
async def verify_mfa(call: Call) -> Answer:
    """Switch one-time codes on by a first code."""
    asked: MfaVerify = call.body
    _session(call)
    user = _self(call)
    if not user.two_factor_secret:
        raise ApiError("STATE_CONFLICT", "Set one-time codes up first.", {"state": "off", "allowed": ["set up"]})
    secret = call.services.sealer.open(user.two_factor_secret)
    step = totp_step(secret, asked.totp, call.services.now_ns(), user.last_totp_step)
    if step is None:
        call.services.credentials.count_failure()
        raise ApiError("INVALID_CREDENTIALS", "The code is wrong.")
    await change_user(call, user, {"two_factor_enabled": True, "last_totp_step": step})
    return json_answer(200, {"success": True, "message": "One-time codes are on.", "data": None})


@routes.add("DELETE", "/auth/mfa", scope=None, answers={204: None})
async def delete_mfa(call: Call) -> Answer:
    """Switch one-time codes off."""
    _session(call)
    await change_user(call, _self(call), {"two_factor_enabled": False, "two_factor_secret": ""})
    return Answer(204)


def _current(call: Call) -> str:
    return call.credential.id if call.credential.kind is CredentialKind.SESSION else ""


SESSIONS = RecordResource(
    kind=UserSession,
    form=ListForm(key="sessions", model=Session, orderings={"created_at": "created_at"}, default="-created_at"),
    body=lambda call, session: session_body(session, _current(call)),
    id_name="session_id",
    filters={"is_active": "is_active"},
    owned=lambda call: {"user_id": user_id(call.credential.user)},
    tenant=lambda _: LOCAL_TENANT,
)


@routes.add("GET", "/auth/sessions", scope=None, query=SessionList, answers={200: SessionPage}, form=SESSIONS.form)
async def list_sessions(call: Call) -> Answer:
    """List one's own sessions."""
    return await list_records(call, SESSIONS)


@routes.add("DELETE", "/auth/sessions/{session_id}", scope=None, answers={204: None}, path_types=_SESSION_ID)
async def delete_session(call: Call) -> Answer:
    """End one of one's own sessions."""
    session = await find_record(call, SESSIONS)
    expected_version(call, session)
    if session.is_active:
        await end_session(call, session)
    return Answer(204)


def _self(call: Call) -> UserRecord:
    user = call.services.credentials.directory.user(user_id(call.credential.user))
    if user is None:
        raise ApiError("NOT_READY", "The user cannot be read now.")
    return user


def _session(call: Call) -> UserSession:
    """Return the caller's session.

    Raises:
        ApiError: 403, the call was made with another credential.
    """
    session = call.services.credentials.directory.session(_current(call))
    if session is None:
        raise ApiError("PERMISSION_DENIED", "This needs a login session.", {"required": ["auth:login"]})
    return session


def _me(call: Call, user: UserRecord) -> dict[str, Any]:
    credential, directory = call.credential, call.services.credentials.directory
    places = [
        {"id": tenant_uid(member.tenant), "name": tenant.name, "role": member.role}
        for member in directory.memberships(user.id)
        if (tenant := directory.tenant(member.tenant)) is not None
    ]
    proof = {"kind": credential.kind, "id": credential.id, "expires_at": time_or_none(credential.expires_at)}
    return {**user_body(user), "tenants": places, "scopes": sorted(credential.scopes), "credential": proof}
