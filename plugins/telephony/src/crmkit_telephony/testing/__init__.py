"""For tests of providers, and of plugins that work with calls."""

from .conformance import Bench, Conformance
from .paper import PaperCall, PaperProvider

__all__ = ["Bench", "Conformance", "PaperCall", "PaperProvider"]
