"""The same in every plugin. Within a checkout of crmkit its projects come from there, elsewhere from an index.

The requirements are those of `[tool.crmkit]` in pyproject.toml; see docs/decisions/0002-packaging.md.
"""

import tomllib
from pathlib import Path
from runpy import run_path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Requirements(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root).resolve()
        wanted = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["crmkit"]["dependencies"]
        shared = root.parents[1] / "workspace" / "checkout.py"
        metadata["dependencies"] = (
            run_path(str(shared))["from_checkout"](metadata["name"], wanted) if shared.exists() else wanted
        )
