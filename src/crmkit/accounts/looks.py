"""How people, teams and what belongs to signing in are shown; most of it is looked after on the pages of administration."""

from __future__ import annotations

from crmkit.ui import Look

from .entities import Attempt, Delegation, Handshake, Identity, Link, Membership, Session, StoredRole, Team, Token, User, UserRole

PEOPLE = Look(
    of=User, icon="circle-user-round", section="", title="name", subtitle="position", sort="name",
    columns=("name", "position", "login", "phone", "team_id", "manager_id", "active"),
    form=("name", "login", "position", "phone", "team_id", "manager_id"),
)  # fmt: skip
TEAMS = Look(of=Team, icon="network", section="", title="name", sort="name", columns=("name", "kind", "parent_id", "city"))
ROLES = Look(of=StoredRole, icon="key-round", section="", title="name", sort="name", columns=("name", "label", "label_ru"))
DELEGATIONS = Look(
    of=Delegation, icon="arrow-left-right", section="", title="id", day="starts_on", sort="-starts_on",
    columns=("from_user_id", "to_user_id", "starts_on", "ends_on", "with_roles"),
)  # fmt: skip
HOLDINGS = Look(of=UserRole, icon="badge-check", section="", title="id", columns=("user_id", "role_id", "created_at"))
MEMBERSHIPS = Look(of=Membership, icon="users", section="", title="id", columns=("user_id", "team_id", "lead"))
SESSIONS = Look(
    of=Session, icon="monitor-smartphone", section="", title="id", sort="-seen_at",
    columns=("user_id", "method", "seen_at", "expires_at", "ended_at", "address"),
)  # fmt: skip
TOKENS = Look(of=Token, icon="key", section="", title="name", columns=("name", "user_id", "expires_at", "seen_at", "revoked_at"))
LINKS = Look(of=Link, icon="link", section="", title="purpose", columns=("purpose", "user_id", "expires_at", "used_at"))
ATTEMPTS = Look(of=Attempt, icon="shield-alert", section="", title="id", columns=("failures", "last_at", "blocked_until"))
IDENTITIES = Look(of=Identity, icon="fingerprint-pattern", section="", title="provider", columns=("provider", "user_id", "created_at"))
HANDSHAKES = Look(of=Handshake, icon="log-in", section="", title="provider", columns=("provider", "expires_at"))
