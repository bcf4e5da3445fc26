"""Jacobians and Hessians by their entries that are not 0 for good: which those are, and how each is computed."""
