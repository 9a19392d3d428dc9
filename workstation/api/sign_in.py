"""Login sessions: password and one-time code in, a pair of tokens out; lockout, refresh and the end of a session.

An unknown name, a wrong password and a person without a place get one answer and take the same time. Five failures lock
a person out for half an hour. A refresh token is good once; using a spent one again ends its session.
"""

import hmac
import uuid
from typing import Any

from workstation.api.credentials import hash_of
from workstation.api.endpoint import Call
from workstation.api.errors import ApiError
from workstation.api.proofs import ACCESS_S, REFRESH_S, password_fits, password_hash, totp_step
from workstation.api.records import run_record_command
from workstation.commands.records import ChangeRecord, CreateRecord
from workstation.domain.records import Member, User, UserSession
from workstation.domain.times import NS_PER_S

FAILURES_MAX = 5
LOCKOUT_NS = 30 * 60 * NS_PER_S


async def sign_in(call: Call, email: str, password: str, code: str | None) -> dict[str, Any]:
    """Return the pair of tokens of a new session.

    Raises:
        ApiError: 401 INVALID_CREDENTIALS or MFA_REQUIRED, 423 while locked out, 429 with too many failures a minute.
    """
    credentials = call.services.credentials
    user = credentials.directory.by_email(email)
    now = call.services.now_ns()
    if user is not None and call.audit is not None:
        call.audit.user_id = user.id
    if user is not None and user.locked_until is not None and user.locked_until > now:
        wait_s = -(-(user.locked_until - now) // NS_PER_S)
        raise ApiError("ACCOUNT_LOCKED", "Too many failures; try later.", headers={"Retry-After": str(wait_s)})
    fits = await password_check(call, password, "" if user is None else user.password_hash)
    place = None if user is None else place_of_user(call, user)
    if user is None or not fits or place is None:
        raise await _failure(call, user)
    changes: dict[str, Any] = {"failed_login_attempts": 0, "locked_until": None, "last_login": now}
    if user.two_factor_enabled:
        if code is None:
            raise ApiError("MFA_REQUIRED", "Send the one-time code as well.")
        step = totp_step(call.services.sealer.open(user.two_factor_secret), code, now, user.last_totp_step)
        if step is None:
            raise await _failure(call, user)
        changes["last_totp_step"] = step
    session, pair = await _open_session(call, user, place, now)
    seen = {"last_activity": now, "last_ip_address": session.ip_address}
    await change_user(call, user, {**changes, **seen})
    return pair


async def refresh(call: Call, token: str) -> dict[str, Any]:
    """Return a new pair of tokens for the session of a refresh token, which is spent by it.

    Raises:
        ApiError: 401.
    """
    credentials, now = call.services.credentials, call.services.now_ns()
    opened = credentials.tokens.opened(token)
    session = None if opened is None else credentials.directory.session(opened.session_id)
    if opened is None or session is None or session.expires_at <= now:
        credentials.count_failure()
        raise _unauthenticated()
    if call.audit is not None:
        call.audit.user_id = session.user_id
    if not hmac.compare_digest(opened.hash, session.session_key):
        if call.audit is not None:
            call.audit.refused_as = "UNAUTHENTICATED"
        await end_session(call, session)
        raise _unauthenticated()
    scopes = credentials.directory.scopes(session.home, session.user_id)
    if not scopes:
        raise _unauthenticated()
    renewed = credentials.tokens.refresh(session.id)
    changes = {"session_key": hash_of(renewed), "last_activity": now, "expires_at": now + REFRESH_S * NS_PER_S}
    params = ChangeRecord(id=session.id, changes=changes, expected_version=session.row_version)
    await run_record_command(call, "user_session.update", params, None)
    return _pair(call, session, renewed, scopes, now)


async def end_session(call: Call, session: UserSession) -> None:
    """End a session; both its tokens are refused from now on."""
    params = ChangeRecord(id=session.id, changes={"is_active": False})
    await run_record_command(call, "user_session.update", params, None)


async def end_sessions(call: Call, user_id: str, *, but: str = "") -> None:
    """End every session of a person but one."""
    for session in call.services.credentials.directory.sessions_of(user_id):
        if session.id != but:
            await end_session(call, session)


async def change_user(call: Call, user: User, changes: dict[str, Any]) -> User:
    """Change a person; returns him as he is then."""
    result = await run_record_command(call, "user.update", ChangeRecord(id=user.id, changes=changes), None)
    changed: User = result.data
    return changed


async def new_hash(call: Call, password: str) -> str:
    """Return the hash of a new password."""
    async with call.services.credentials.hashing:
        return await call.services.read(password_hash, password)


async def password_check(call: Call, password: str, kept: str) -> bool:
    """Tell whether a password has the hash `kept`."""
    async with call.services.credentials.hashing:
        return await call.services.read(password_fits, password, kept)


def place_of_user(call: Call, user: User) -> Member | None:
    """Return the oldest place of a person from which he may log in."""
    directory = call.services.credentials.directory
    places = directory.memberships(user.id)
    return next((place for place in places if "auth:login" in directory.scopes(place.tenant, user.id)), None)


async def _failure(call: Call, user: User | None) -> ApiError:
    """Count a failure; the fifth in a row locks the person out."""
    call.services.credentials.count_failure()
    error = ApiError("INVALID_CREDENTIALS", "The name, the password or the code is wrong.")
    if user is None:
        return error
    if call.audit is not None:
        call.audit.refused_as = error.code
    count = user.failed_login_attempts + 1
    changes: dict[str, Any] = {"failed_login_attempts": count}
    if count >= FAILURES_MAX:
        changes = {"failed_login_attempts": 0, "locked_until": call.services.now_ns() + LOCKOUT_NS}
    await change_user(call, user, changes)
    return error


async def _open_session(call: Call, user: User, place: Member, now: int) -> tuple[UserSession, dict[str, Any]]:
    credentials = call.services.credentials
    session_id = str(uuid.uuid4())
    token = credentials.tokens.refresh(session_id)
    client = call.request.scope.get("client")
    draft = UserSession(
        id=session_id,
        user_id=user.id,
        session_key=hash_of(token),
        home=place.tenant,
        ip_address=client[0] if client else "",
        user_agent=(call.header(b"user-agent") or "")[:500],
        last_activity=now,
        expires_at=now + REFRESH_S * NS_PER_S,
    )
    result = await run_record_command(call, "user_session.create", CreateRecord(record=draft), None)
    session: UserSession = result.data
    return session, _pair(call, session, token, credentials.directory.scopes(place.tenant, user.id), now)


def _pair(call: Call, session: UserSession, token: str, scopes: frozenset[str], now: int) -> dict[str, Any]:
    return {
        "access_token": call.services.credentials.tokens.access(session.user_id, session.id, now),
        "refresh_token": token,
        "token_type": "Bearer",
        "expires_in": ACCESS_S,
        "scopes": sorted(scopes),
    }


def _unauthenticated() -> ApiError:
    return ApiError(
        "UNAUTHENTICATED", "A valid credential is needed.", headers={"WWW-Authenticate": 'Bearer realm="workstation"'}
    )
