"""Who is known: tenants, people, memberships and sessions in memory, as their records say at this moment.

The guard asks it at every call, so that a lock, a role or the end of a session takes effect at once. Used on the API's
loop; learns from the records that are saved and never writes.
"""

from typing import TypeVar

from workstation.api.scopes import ROLES
from workstation.commands.records_identity import tenant_key
from workstation.domain.records import Member, Record, Tenant, User, UserSession

K = TypeVar("K")
V = TypeVar("V")


class Directory:
    """Living tenants, users, members and sessions."""

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}
        self._users: dict[str, User] = {}
        self._emails: dict[str, str] = {}
        self._members: dict[tuple[str, str], Member] = {}
        self._sessions: dict[str, UserSession] = {}

    def learn(self, record: Record) -> None:
        """Take a saved record in place of its earlier version."""
        alive = record.deleted_at is None
        if isinstance(record, Tenant):
            _keep(self._tenants, tenant_key(record.id), record, alive=alive)
        elif isinstance(record, User):
            _keep(self._users, record.id, record, alive=alive)
            _keep(self._emails, record.email, record.id, alive=alive)
        elif isinstance(record, Member):
            _keep(self._members, (record.tenant, record.user_id), record, alive=alive)
        elif isinstance(record, UserSession):
            _keep(self._sessions, record.id, record, alive=alive and record.is_active)

    def tenant(self, key: str) -> Tenant | None:
        """Return a tenant by where its rows are kept."""
        return self._tenants.get(key)

    def user(self, user_id: str) -> User | None:
        """Return a person."""
        return self._users.get(user_id)

    def by_email(self, email: str) -> User | None:
        """Return a person by login name, without regard to case."""
        return self._users.get(self._emails.get(email.lower(), ""))

    def member(self, tenant: str, user_id: str) -> Member | None:
        """Return a person's place in a tenant."""
        return self._members.get((tenant, user_id))

    def memberships(self, user_id: str) -> list[Member]:
        """Return a person's active places in tenants, the oldest first."""
        found = [member for (_, user), member in self._members.items() if user == user_id and member.is_active]
        return sorted(found, key=lambda member: (member.created_at, member.id))

    def people_of(self, tenant: str) -> tuple[str, ...]:
        """Return the ids of a tenant's people."""
        return tuple(user for (kept, user) in self._members if kept == tenant)

    def session(self, session_id: str) -> UserSession | None:
        """Return a session that has not ended."""
        return self._sessions.get(session_id)

    def sessions_of(self, user_id: str) -> list[UserSession]:
        """Return a person's sessions that have not ended."""
        return [session for session in self._sessions.values() if session.user_id == user_id]

    def scopes(self, tenant: str, user_id: str) -> frozenset[str]:
        """Return what a person may do in a tenant now: nothing without an active place, account and tenant."""
        user, member, place = self._users.get(user_id), self.member(tenant, user_id), self._tenants.get(tenant)
        if user is None or member is None or place is None:
            return frozenset()
        works = user.is_active and member.is_active and not place.is_suspended
        return ROLES[member.role] if works else frozenset()


def _keep(known: dict[K, V], key: K, value: V, *, alive: bool) -> None:
    if alive:
        known[key] = value
    else:
        known.pop(key, None)
