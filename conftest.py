"""The suite's own fixtures and guards, for `tests/` and for the tests of every plugin in this checkout."""

pytest_plugins = ["tests.suite.guards", "tests.suite.databases", "tests.suite.forked", "tests.suite.report"]
