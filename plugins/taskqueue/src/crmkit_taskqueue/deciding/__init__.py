"""What a manager gets next: the question, the usual strategy, and the reason in plain words."""

from .question import Candidate, Question
from .strategy import Choice, decide
from .why import explain

__all__ = ["Candidate", "Choice", "Question", "decide", "explain"]
