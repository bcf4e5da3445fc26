"""The part of the playground that runs in Python: a reader's program in, and out what there is to show."""

from .engine import engine_of
from .runner import run

__all__ = ["engine_of", "run"]
