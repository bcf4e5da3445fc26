"""Automatic differentiation of programs written in scalars, small enough to be read in an evening."""

__version__ = "0.1.0"
