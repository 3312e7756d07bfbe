"""The kernel, room by room."""
