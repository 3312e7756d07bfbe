"""The plain schema as Django models; Django must be configured before this is imported."""

# mypy: disable-error-code="misc"
# Django and its REST framework carry no annotations, and their stubs are not worth a dependency here.
from __future__ import annotations

from typing import Any

from django.db import models


def _to(model: Any, null: bool = False) -> Any:
    return models.ForeignKey(model, on_delete=models.PROTECT, null=null, related_name="+")


class Team(models.Model):
    """A team."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200)

    class Meta:
        app_label, db_table, managed = "bench", "bench_team", False


class Owner(models.Model):
    """A user who owns records."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200)
    team = _to(Team)

    class Meta:
        app_label, db_table, managed = "bench", "bench_owner", False


class Stage(models.Model):
    """A column of the board."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    label = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10)
    needs_amount = models.BooleanField()

    class Meta:
        app_label, db_table, managed = "bench", "bench_stage", False
        ordering = ("id",)


class Company(models.Model):
    """A company."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200)

    class Meta:
        app_label, db_table, managed = "bench", "bench_company", False


class Owned(models.Model):
    """What contacts and deals have in common."""

    id = models.BigAutoField(primary_key=True)
    owner = _to(Owner)
    team = _to(Team)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.IntegerField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Contact(Owned):
    """A person."""

    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, null=True)
    email = models.CharField(max_length=200, null=True)
    company = _to(Company, null=True)

    class Meta:
        app_label, db_table, managed = "bench", "bench_contact", False


class Deal(Owned):
    """A deal."""

    title = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    stage = _to(Stage)
    stage_since = models.DateTimeField()
    lost_reason = models.TextField(null=True)
    contact = _to(Contact, null=True)
    company = _to(Company, null=True)

    class Meta:
        app_label, db_table, managed = "bench", "bench_deal", False


class StageHistory(models.Model):
    """A move that happened."""

    id = models.BigAutoField(primary_key=True)
    deal = _to(Deal)
    from_stage = _to(Stage)
    to_stage = _to(Stage)
    actor = _to(Owner)
    at = models.DateTimeField()

    class Meta:
        app_label, db_table, managed = "bench", "bench_stage_history", False


class FollowUp(models.Model):
    """A call to make."""

    id = models.BigAutoField(primary_key=True)
    deal = _to(Deal)
    owner = _to(Owner)
    text = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        app_label, db_table, managed = "bench", "bench_follow_up", False


class Journal(models.Model):
    """Who changed what."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField()
    entity = models.CharField(max_length=60)
    record_id = models.BigIntegerField()
    action = models.CharField(max_length=20)
    changes = models.TextField()

    class Meta:
        app_label, db_table, managed = "bench", "bench_journal", False
