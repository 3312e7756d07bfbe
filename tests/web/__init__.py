"""The web edge, from outside."""
