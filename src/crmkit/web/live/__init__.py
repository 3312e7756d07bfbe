"""The live stream: a topic and an id for everything that changes, to whoever may see it, nothing lost."""
