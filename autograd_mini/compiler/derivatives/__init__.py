"""Derivatives other than the gradient: each is a separate compiled function, traced from a transform."""
