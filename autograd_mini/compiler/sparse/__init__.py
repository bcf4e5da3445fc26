"""Jacobians and Hessians entry by entry: which entries can differ from 0, and how to compute each of them."""
