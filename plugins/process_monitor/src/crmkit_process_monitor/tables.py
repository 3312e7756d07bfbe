"""What is measured: spans of time on pages as they came, events of imported logs, and the sums the dashboard reads."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import UtcDateTime

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Pages people were on, by their pattern (``/sales/deal/{id}``), and the step that settings map them to; none: listed as unmapped.
pages = sa.Table(
    "process_monitor_page", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("path", sa.String(300), nullable=False, unique=True),
    sa.Column("step_id", _id),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)  # fmt: skip
# Time as browsers tell it: a row for each stay of a tab on a page, a minute at most. Milliseconds. `told` is what was told and never
# changes; `active`, `idle` and `hidden` are what counts of it, once no moment is counted twice and calls are taken into account.
spans = sa.Table(
    "process_monitor_span", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("case_id", _id, nullable=False),
    sa.Column("worker_id", _id, nullable=False),
    sa.Column("page_id", _id),  # empty for imported logs
    sa.Column("step_id", _id),
    sa.Column("tab", sa.String(24), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),  # within the tab: the same told twice is kept once
    sa.Column("began_at", UtcDateTime, nullable=False),  # by the server's clock
    sa.Column("clock", sa.BigInteger),  # by that of the tab: how far apart they are is known best when messages are quick
    sa.Column("active", sa.Integer, nullable=False),
    sa.Column("idle", sa.Integer, nullable=False),
    sa.Column("hidden", sa.Integer, nullable=False),
    sa.Column("called", sa.Integer, nullable=False),  # of these, during a call
    sa.Column("told", sa.JSON(none_as_null=True)),  # [0, 1200, 1, 30000]: kind (active, idle, hidden), milliseconds, and so on; none: in this order
    sa.UniqueConstraint("tab", "seq", "case_id", name="uq_process_monitor_span"),
    sa.Index("ix_process_monitor_span_case", "case_id"),
    sa.Index("ix_process_monitor_span_began", "began_at"),
)  # fmt: skip
# Calls of people who serve: nobody is idle during one.
talks = sa.Table(
    "process_monitor_talk", metadata,
    sa.Column("call_id", _id, primary_key=True, autoincrement=False),
    sa.Column("user_id", _id, primary_key=True, autoincrement=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Index("ix_process_monitor_talk_user", "user_id", "began_at"),
)  # fmt: skip
# What browsers told that cannot be: kept with the reason, counted nowhere.
refused = sa.Table(
    "process_monitor_refused", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("user_id", _id),
    sa.Column("why", sa.String(60), nullable=False),
    sa.Column("raw", sa.JSON, nullable=False),
    sa.Index("ix_process_monitor_refused_at", "at"),
)  # fmt: skip
# Events of imported logs as the file has them, in its order.
events = sa.Table(
    "process_monitor_event", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("log_id", _id, nullable=False),
    sa.Column("case_id", _id, nullable=False),
    sa.Column("step_id", _id),
    sa.Column("worker_id", _id),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("transition", sa.String(40)),
    sa.Column("facts", sa.JSON, nullable=False),  # its other attributes, typed: [["key", "string", "value"]], nested ones the fourth
    sa.Index("ix_process_monitor_event_case", "case_id", "id"),
    sa.Index("ix_process_monitor_event_log", "log_id"),
)  # fmt: skip
# What traces of imported logs have besides their name, written where they have something.
traces = sa.Table(
    "process_monitor_trace", metadata,
    sa.Column("case_id", _id, primary_key=True, autoincrement=False),
    sa.Column("log_id", _id, nullable=False, index=True),
    sa.Column("facts", sa.JSON, nullable=False),
)  # fmt: skip
# One row for each step of each case and who did it: what norms are held against. Milliseconds: months of them in some logs.
work = sa.Table(
    "process_monitor_work", metadata,
    sa.Column("case_id", _id, primary_key=True, autoincrement=False),
    sa.Column("step_id", _id, primary_key=True, autoincrement=False),
    sa.Column("worker_id", _id, primary_key=True, autoincrement=False),  # 0: a log that does not say
    sa.Column("log_id", _id, nullable=False),  # 0: our own
    sa.Column("day", sa.Date, nullable=False),  # by the CRM's time zone
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("team_id", _id),
    sa.Column("point_id", _id),
    sa.Column("took", sa.BigInteger, nullable=False),  # what counts, as the settings say
    sa.Column("active", sa.BigInteger, nullable=False),
    sa.Column("idle", sa.BigInteger, nullable=False),
    sa.Column("hidden", sa.BigInteger, nullable=False),
    sa.Column("visits", sa.Integer, nullable=False),
    sa.Index("ix_process_monitor_work_cell", "worker_id", "step_id", "day"),
    sa.Index("ix_process_monitor_work_day", "log_id", "day"),
)  # fmt: skip
# Sums of `work` by day, kept in step in the same transaction: what the dashboard reads.
days = sa.Table(
    "process_monitor_day", metadata,
    sa.Column("log_id", _id, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("worker_id", _id, primary_key=True, autoincrement=False),
    sa.Column("step_id", _id, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("team_id", _id, primary_key=True, autoincrement=False),  # 0: none
    sa.Column("point_id", _id, primary_key=True, autoincrement=False),  # 0: none
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("took", sa.BigInteger, nullable=False),
    sa.Column("logs", sa.Float, nullable=False),  # sum of natural logarithms of seconds (1 at least)
    sa.Column("log_squares", sa.Float, nullable=False),
    sa.Column("fast", sa.Integer, nullable=False),  # below the minimum of the norm of that day
    sa.Column("slow", sa.Integer, nullable=False),  # above its maximum
    sa.Column("lost", sa.BigInteger, nullable=False),  # beyond its reference
    sa.Column("counts", sa.JSON, nullable=False),  # how many took how long: {bucket: n}, for percentiles
    sa.Index("ix_process_monitor_day_worker", "worker_id", "log_id", "day"),
)  # fmt: skip
# Sums of `days` by month, for years at a glance: kept in step with them.
months = sa.Table(
    "process_monitor_month", metadata,
    sa.Column("log_id", _id, primary_key=True, autoincrement=False),
    sa.Column("month", sa.Date, primary_key=True),  # its first day
    *(sa.Column(name, _id, primary_key=True, autoincrement=False) for name in ("worker_id", "step_id")),
    sa.Column("kind", sa.String(40), primary_key=True),
    *(sa.Column(name, _id, primary_key=True, autoincrement=False) for name in ("team_id", "point_id")),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("days", "n", "fast", "slow")),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("took", "lost")),
    *(sa.Column(name, sa.Float, nullable=False) for name in ("logs", "log_squares", "ns_squared", "ns_logs", "logs_squared")),
)  # fmt: skip
# How many cases each worker had in hand on a day: the work of a case counts by its steps, this counts it once.
served = sa.Table(
    "process_monitor_served", metadata,
    sa.Column("log_id", _id, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("worker_id", _id, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), primary_key=True),
    *(sa.Column(name, _id, primary_key=True, autoincrement=False) for name in ("team_id", "point_id")),
    sa.Column("cases", sa.Integer, nullable=False),
    sa.Column("took", sa.BigInteger, nullable=False),
    sa.Index("ix_process_monitor_served_worker", "worker_id", "log_id", "day"),
)  # fmt: skip
served_months = sa.Table(
    "process_monitor_served_month", metadata,
    sa.Column("log_id", _id, primary_key=True, autoincrement=False),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("worker_id", _id, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), primary_key=True),
    *(sa.Column(name, _id, primary_key=True, autoincrement=False) for name in ("team_id", "point_id")),
    sa.Column("cases", sa.Integer, nullable=False),
    sa.Column("took", sa.BigInteger, nullable=False),
    sa.Column("mask", sa.Integer, nullable=False),  # on which days of the month: bit 0 for the first
)  # fmt: skip
