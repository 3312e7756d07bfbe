"""Playing sales through time."""
