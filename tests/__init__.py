"""Tests of the core, across plugins, and of the house itself."""
