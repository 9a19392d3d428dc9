"""What tenants, people and memberships must hold before they are kept; pure checks, engine's thread."""

from workstation.commands.context import EngineContext
from workstation.domain.errors import InUse, StateConflict
from workstation.domain.records import LOCAL_TENANT, Record
from workstation.domain.records.identity import LOCAL_TENANT_ID, LOCAL_USER_ID, Member, Role, Tenant, User


def check_tenant(context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse the end of a tenant that is still at work.

    Raises:
        InUse: it has working orders, or is the installation's own.
    """
    if not isinstance(after, Tenant) or after.deleted_at is None:
        return
    if after.id == LOCAL_TENANT_ID:
        open_orders = any(True for _ in context.state.book.open_orders())
        raise InUse("It has working orders." if open_orders else "It is the installation's own tenant.")


def check_user(_context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse the end of the person whom the local token stands for.

    Raises:
        InUse: that person is deleted or made inactive.
    """
    ended = isinstance(after, User) and (after.deleted_at is not None or not after.is_active)
    if ended and after.id == LOCAL_USER_ID:
        raise InUse("The local token stands for this user.")


def check_member(context: EngineContext, before: Record | None, after: Record) -> None:
    """Keep an owner in every tenant, and no more people than it may have.

    Raises:
        StateConflict: the last active OWNER would go, or be one no more; or all places are taken.
    """
    if isinstance(after, Member) and _has_place(after) and not (isinstance(before, Member) and _has_place(before)):
        _check_places(context, after)
    if not (isinstance(before, Member) and isinstance(after, Member) and _owns(before)) or _owns(after):
        return
    others = context.state.records.all(Member, after.tenant)
    if not any(_owns(other) for other in others if other.id != after.id):
        raise StateConflict("A tenant keeps at least one active OWNER.", state=Role.OWNER)


def tenant_key(tenant_id: str) -> str:
    """Return where a tenant's rows are kept: its id, but the installation's own has a name."""
    return LOCAL_TENANT if tenant_id == LOCAL_TENANT_ID else tenant_id


def _check_places(context: EngineContext, joining: Member) -> None:
    tenant_id = LOCAL_TENANT_ID if joining.tenant == LOCAL_TENANT else joining.tenant
    tenant = context.state.records.find(Tenant, LOCAL_TENANT, tenant_id)
    if tenant is None or tenant.max_users is None:
        return
    others = context.state.records.all(Member, joining.tenant)
    if sum(_has_place(other) for other in others if other.id != joining.id) >= tenant.max_users:
        raise StateConflict(f"All {tenant.max_users} places of this tenant are taken.", state="FULL")


def _has_place(member: Member) -> bool:
    return member.is_active and member.deleted_at is None


def _owns(member: Member) -> bool:
    return member.role is Role.OWNER and member.is_active and member.deleted_at is None
