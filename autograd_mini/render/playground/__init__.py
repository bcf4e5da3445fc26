"""The Python part of the playground: runs a reader's program and returns everything to show."""

from .engine import engine_of
from .runner import run

__all__ = ["engine_of", "run"]
