"""Tells the plugins installed in the same run that the core is on its way, see workspace/checkout.py."""

from pathlib import Path
from runpy import run_path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Mark(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if (shared := Path(self.root, "workspace", "checkout.py")).exists():
            run_path(str(shared))["mark"](self.metadata.name)
