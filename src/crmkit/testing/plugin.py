"""The pytest plugin `crmkit`: the fixtures of the test kit."""
