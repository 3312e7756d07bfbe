"""Gives the carrier its extras, see checkout.py."""

from pathlib import Path
from runpy import run_path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Extras(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        metadata["optional-dependencies"] = run_path(str(Path(self.root) / "checkout.py"))["carried"]()
