"""Kernels: the functions that the machine's instructions call."""
