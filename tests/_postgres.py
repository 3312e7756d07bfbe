"""A fresh PostgreSQL database for a test: `postgres_dsn()`. The test kit has the code; plugin authors use it too."""

from crmkit.testing.postgres import ENVIRONMENT, drop, postgres_dsn

__all__ = ["ENVIRONMENT", "drop", "postgres_dsn"]
