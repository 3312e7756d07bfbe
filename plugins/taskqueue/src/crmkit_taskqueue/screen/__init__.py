"""The manager's screen: one task at a time, and everything about its client on one page."""
