"""Pages for those who look after people, teams and roles. Whatever they do goes through the same checks as the JSON API."""
