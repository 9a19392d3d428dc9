"""Places in tenants: who may join, with which role, by which invitation. One tenant on an embedded database.

Nobody grants a role that could do more than he can himself; a tenant that the caller does not belong to is unknown.
"""

import uuid

from workstation.api.credentials import hash_of, tenant_uid, user_id
from workstation.api.endpoint import Call
from workstation.api.errors import ApiError
from workstation.api.records import run_record_command
from workstation.api.scopes import ROLES
from workstation.commands.records import ChangeRecord, CreateRecord, DeleteRecord
from workstation.commands.records_identity import tenant_key
from workstation.domain.records import Invitation, Member, Tenant, User
from workstation.domain.records.identity import InvitationStatus, Role
from workstation.ports.store import RecordQuery


def require_team(call: Call) -> None:
    """Refuse what an embedded database, which has one tenant, does not offer.

    Raises:
        ApiError: 403.
    """
    if call.services.options.database_kind != "postgresql":
        raise ApiError("TENANCY_DISABLED", "An embedded database has one tenant; a server has several.")


def tenant_of(call: Call, scope: str | None = None) -> Tenant:
    """Return the tenant that the path names, in which the caller needs `scope`.

    Raises:
        ApiError: 404 where he does not belong to it, 403 where his role there does not reach.
    """
    key = tenant_key(call.path_params["tenant_id"])
    directory, credential = call.services.credentials.directory, call.credential
    tenant = directory.tenant(key)
    there = directory.scopes(key, user_id(credential.user)) if key != credential.tenant else credential.scopes
    if tenant is None or not there:
        raise ApiError("NOT_FOUND", "No such tenant.")
    if scope is not None and scope not in there & credential.scopes:
        raise ApiError("PERMISSION_DENIED", f"The scope {scope} is missing.", {"required": [scope]})
    return tenant


def check_grant(call: Call, role: Role) -> None:
    """Refuse a role that reaches further than the caller.

    Raises:
        ApiError: 403.
    """
    missing = sorted(ROLES[role] - call.credential.scopes)
    if missing:
        raise ApiError("PERMISSION_DENIED", f"Only who has its scopes can grant {role}.", {"required": missing})


def place_for(tenant: str, user: User, role: Role) -> Member:
    """Return the draft of a person's place."""
    return Member(id=str(uuid.uuid4()), tenant=tenant, user_id=user.id, email=user.email, role=role)


async def join(call: Call, tenant: str, user: User, role: Role) -> Member:
    """Give a person a place.

    Raises:
        ApiError: 409, he has one already.
    """
    params = CreateRecord(record=place_for(tenant, user, role))
    result = await run_record_command(call, "member.create", params, None)
    member: Member = result.data
    return member


async def leave(call: Call, member: Member, expected_version: int | None = None) -> None:
    """End a place.

    Raises:
        ApiError: 409, it is the last OWNER's.
    """
    params = DeleteRecord(id=member.id, tenant=member.tenant, expected_version=expected_version)
    await run_record_command(call, "member.delete", params, None)


async def invitation_of(call: Call, token: str) -> Invitation | None:
    """Return the invitation of a token, None for an unknown or used one; the token names its tenant.

    Raises:
        ApiError: 409, it has expired.
    """
    tenant, _, _ = token.partition(".")
    query = RecordQuery(tenant=tenant_key(tenant), equal={"token_hash": hash_of(token)}, limit=1, with_count=False)
    rows = (await call.services.read(call.services.reader.records, Invitation, query)).rows
    found = next((row for row in rows if isinstance(row, Invitation)), None)
    if found is None or found.status is not InvitationStatus.PENDING:
        return None
    if found.expires_at <= call.services.now_ns():
        raise ApiError("STATE_CONFLICT", "The invitation has expired.", {"state": "EXPIRED", "allowed": ["PENDING"]})
    return found


async def accepted(call: Call, invitation: Invitation, user: User, *, is_new: bool = False) -> Member:
    """Use an invitation up and give the person his place, in one transaction; of two who use it one wins.

    is_new: the person is a draft that is kept with them.
    """
    place = place_for(invitation.tenant, user, invitation.role)
    params = ChangeRecord(
        id=invitation.id,
        tenant=invitation.tenant,
        changes={"status": InvitationStatus.ACCEPTED},
        expected_version=invitation.row_version,
        also=(user, place) if is_new else (place,),
    )
    await run_record_command(call, "invitation.update", params, None)
    return call.services.credentials.directory.member(invitation.tenant, user.id) or place


def token_for(tenant: str, secret: str) -> str:
    """Return an invitation's token, which names its tenant."""
    return f"{tenant_uid(tenant)}.{secret}"
