"""What crmkit costs, as multiples of the same work done by hand and by other frameworks, in one run."""
