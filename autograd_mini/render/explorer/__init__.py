"""A page for stepping through backpropagation: one HTML file with a graph, its rules and a program that shows them."""

from .page import Page, explore

__all__ = ["Page", "explore"]
