"""Programs on NumPy arrays."""
