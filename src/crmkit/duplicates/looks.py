"""How possible duplicates are shown where they are listed; they are looked through on a page of their own."""

from __future__ import annotations

from crmkit.ui import Look

from .entities import Pair, Scan

PAIRS = Look(of=Pair, icon="copy", section="", title="id", sort="-score", columns=("kind", "score", "state", "decided_at", "checked_at"))
SCANS = Look(of=Scan, icon="scan-search", section="", title="kind", columns=("kind", "started_at", "finished_at", "records", "compared", "found"))
