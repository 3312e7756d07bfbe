"""The test kit a plugin is tested with."""
