"""People of the caller's tenant. Deleting one ends every credential of his at once."""

import uuid
from collections.abc import Mapping
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm
from workstation.api.records import (
    RecordResource,
    change_record,
    delete_record,
    find_record,
    given,
    list_records,
    read_record,
    record_answer,
    run_record_command,
)
from workstation.api.schemas.people import User, UserCreate, UserList, UserPage, UserUpdate, user_body
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.system import ActionResult
from workstation.api.sign_in import change_user, end_sessions, new_hash
from workstation.api.tenancy import leave, place_for
from workstation.commands.records import CreateRecord
from workstation.domain.records import LOCAL_TENANT
from workstation.domain.records import User as UserRecord
from workstation.domain.records.identity import Role

routes = Routes()

_USER_ID = {"user_id": "uuid"}
_TEXTS = ("first_name", "last_name", "phone_number", "profile_picture", "bio")


def _people(call: Call) -> Mapping[str, Any]:
    return {"id": call.services.credentials.directory.people_of(call.credential.tenant)}


USERS = RecordResource(
    kind=UserRecord,
    form=ListForm(
        key="users",
        model=User,
        orderings={"created_at": "created_at", "email": "email"},
        default="-created_at",
    ),
    body=lambda _, user: user_body(user),
    id_name="user_id",
    filters={"is_active": "is_active"},
    owned=_people,
    tenant=lambda _: LOCAL_TENANT,
)


@routes.add("GET", "/users", scope="users:view", query=UserList, answers={200: UserPage}, form=USERS.form)
async def list_users(call: Call) -> Answer:
    """List the people of the tenant."""
    return await list_records(call, USERS)


@routes.add("POST", "/users", scope="users:manage", body=UserCreate, answers={201: User})
async def create_user(call: Call) -> Answer:
    """Add a person, who begins as a VIEWER of the tenant."""
    draft = await user_draft(call, call.body)
    params = CreateRecord(record=draft, also=(place_for(call.credential.tenant, draft, Role.VIEWER),))
    made = await run_record_command(call, "user.create", params, None)
    return record_answer(call, USERS, 201, made.data)


@routes.add("GET", "/users/{user_id}", scope="users:view", query=RecordRead, answers={200: User}, path_types=_USER_ID)
async def get_user(call: Call) -> Answer:
    """Read a person."""
    return await read_record(call, USERS)


@routes.change("/users/{user_id}", scope="users:manage", body=UserUpdate, answers={200: User}, path_types=_USER_ID)
async def put_user(call: Call) -> Answer:
    """Change a person."""
    changes = given(call.body, **dict.fromkeys(_TEXTS, lambda text: text or ""))
    return await change_record(call, USERS, changes)


@routes.add("DELETE", "/users/{user_id}", scope="users:manage", answers={204: None}, path_types=_USER_ID)
async def delete_user(call: Call) -> Answer:
    """Delete a person; his keys and sessions end at once."""
    user: UserRecord = await find_record(call, USERS)
    directory = call.services.credentials.directory
    member = directory.member(call.credential.tenant, user.id)
    if any(place.tenant != call.credential.tenant for place in directory.memberships(user.id)):
        raise ApiError("IN_USE", "This person belongs to other tenants as well; end the membership instead.")
    if member is not None:
        await leave(call, member)
    await end_sessions(call, user.id)
    return await delete_record(call, USERS, before=user)


@routes.add("POST", "/users/{user_id}/unlock", scope="users:manage", answers={200: ActionResult}, path_types=_USER_ID)
async def unlock_user(call: Call) -> Answer:
    """Let a person who was locked out try again."""
    user: UserRecord = await find_record(call, USERS)
    changed = await change_user(call, user, {"failed_login_attempts": 0, "locked_until": None})
    return json_answer(200, {"success": True, "message": "The user may log in again.", "data": user_body(changed)})


async def user_draft(call: Call, asked: UserCreate) -> UserRecord:
    """Return a new person with his password's hash, not kept yet."""
    return UserRecord(
        id=str(uuid.uuid4()),
        email=asked.email,
        password_hash=await new_hash(call, asked.password),
        first_name=asked.first_name or "",
        last_name=asked.last_name or "",
        phone_number=asked.phone_number or "",
        timezone=asked.timezone,
        language=asked.language,
        last_password_change=call.services.now_ns(),
    )
