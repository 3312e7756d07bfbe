"""A real browser looks at real pages, see conftest.py."""
