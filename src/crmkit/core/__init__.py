"""The kernel: entities, pipelines, plugins and one unit of work. Knows no HTTP, no page, no plugin."""
