"""Coaching: giving somebody a course or a meeting for a step, doing it, and whether it helped."""
