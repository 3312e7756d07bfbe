"""Norms: entered one by one, from a table, or proposed from what the best do; and the sums made anew when they change."""
