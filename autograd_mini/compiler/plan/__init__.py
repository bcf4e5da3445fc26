"""From a graph to the order of a program: finds sums and loops, and puts operations into groups."""
