"""From a run of a function to a graph of its operations."""
