"""From that graph to the order of a program: sums and loops found again, operations in groups."""
