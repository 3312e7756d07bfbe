"""Every measurement, one after the other: ``python -m bench``, or ``python -m bench move page`` for some."""

from __future__ import annotations

import subprocess
import sys

ALL = ("move", "page", "board", "bulk", "imports", "http", "startup", "jobs", "search", "reports", "screens", "taskqueue")


def main() -> int:
    """Run what is named, else everything; 1 when one of them fails, after all have run."""
    wanted = sys.argv[1:] or list(ALL)
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        print(f"There is no measurement {', '.join(unknown)}; there are {', '.join(ALL)}.", file=sys.stderr)
        return 2
    failed = [name for name in wanted if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode]
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
