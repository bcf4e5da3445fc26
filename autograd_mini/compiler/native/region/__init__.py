"""Stretches of operations whose inputs come through ports, each evaluated and swept as one piece of code."""
