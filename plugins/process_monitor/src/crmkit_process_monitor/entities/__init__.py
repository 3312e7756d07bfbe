"""What is kept of serving clients, of the norms, and of coaching."""

from .cases import Case, EndedHow, Worker
from .coaching import ASSIGNMENTS, MENTORED, Assignment, Course, Mentor
from .steps import Log, Norm, NormFrom, Step

__all__ = ["ASSIGNMENTS", "MENTORED", "Assignment", "Case", "Course", "EndedHow", "Log", "Mentor", "Norm", "NormFrom", "Step", "Worker"]
