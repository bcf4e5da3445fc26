"""A page to step through backpropagation in: one HTML file that holds a graph, its rules and all that shows them."""

from .page import Page, explore

__all__ = ["Page", "explore"]
