"""Derivatives beside the gradient: each is a compiled function of its own, traced from a transform of the function."""
