"""Stretches of operations with ports for their inputs, each evaluated and swept as one piece of code."""
