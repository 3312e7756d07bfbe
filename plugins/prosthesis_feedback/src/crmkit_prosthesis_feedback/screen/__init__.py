"""What the people who call see: check-lists, incidents, protocols, and where they begin their day."""
