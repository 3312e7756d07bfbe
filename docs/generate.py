"""Write the generated references: `make docs`."""

from pathlib import Path

from crmkit.cli.reference import write

for path in write(Path(__file__).parent / "reference"):
    print(f"wrote {path}")
