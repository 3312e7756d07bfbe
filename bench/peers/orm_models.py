"""The plain schema as SQLAlchemy ORM classes, typed, as its documentation teaches since 2.0."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


class Base(DeclarativeBase):
    """Times with a zone, keys of 64 bits."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: sa.DateTime(timezone=True),
        int: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        Decimal: sa.Numeric(14, 2),
    }


class Team(Base):
    """A team."""

    __tablename__ = "bench_team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Owner(Base):
    """A user who owns records."""

    __tablename__ = "bench_owner"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_team.id"))


class Stage(Base):
    """A column of the board."""

    __tablename__ = "bench_stage"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    label: Mapped[str]
    outcome: Mapped[str]
    needs_amount: Mapped[bool]


class Company(Base):
    """A company."""

    __tablename__ = "bench_company"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Owned:
    """What contacts and deals have in common, the version checked on every update."""

    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_owner.id"))
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_team.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(sa.Integer)
    archived_at: Mapped[datetime | None]

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class Contact(Owned, Base):
    """A person."""

    __tablename__ = "bench_contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bench_company.id"))


class Deal(Owned, Base):
    """A deal."""

    __tablename__ = "bench_deal"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    amount: Mapped[Decimal | None]
    currency: Mapped[str]
    stage_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_stage.id"))
    stage_since: Mapped[datetime]
    lost_reason: Mapped[str | None]
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bench_contact.id"))
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bench_company.id"))
    stage: Mapped[Stage] = relationship()
    contact: Mapped[Contact | None] = relationship()
    company: Mapped[Company | None] = relationship()


class StageHistory(Base):
    """A move that happened."""

    __tablename__ = "bench_stage_history"
    id: Mapped[int] = mapped_column(primary_key=True)
    deal_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_deal.id"))
    from_stage_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_stage.id"))
    to_stage_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_stage.id"))
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_owner.id"))
    at: Mapped[datetime]


class FollowUp(Base):
    """A call to make."""

    __tablename__ = "bench_follow_up"
    id: Mapped[int] = mapped_column(primary_key=True)
    deal_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_deal.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_owner.id"))
    text: Mapped[str]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Journal(Base):
    """Who changed what."""

    __tablename__ = "bench_journal"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int]
    entity: Mapped[str]
    record_id: Mapped[int]
    action: Mapped[str]
    changes: Mapped[str]
