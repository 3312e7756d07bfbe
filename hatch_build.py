"""Fetches the front-end files of others that crmkit ships, see workspace/frontend.py, and tells the plugins installed in
the same run that the core is on its way, see workspace/checkout.py.

An sdist has neither: the files are in it.
"""

from pathlib import Path
from runpy import run_path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Build(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        frontend = self._shared("frontend")
        return frontend["missing"]() if frontend else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if checkout := self._shared("checkout"):
            checkout["mark"](self.metadata.name)
        if frontend := self._shared("frontend"):
            frontend["ship"]()

    def _shared(self, name: str) -> dict[str, Any]:
        file = Path(self.root, "workspace", f"{name}.py")
        return run_path(str(file)) if file.exists() else {}
