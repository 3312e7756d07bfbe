"""Adapters to job engines that a site may already run; each needs its own extra installed."""
