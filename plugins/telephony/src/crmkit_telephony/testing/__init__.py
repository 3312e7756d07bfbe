"""For tests of providers, and of plugins that work with calls."""

from .paper import PaperCall, PaperProvider

__all__ = ["PaperCall", "PaperProvider"]
