"""Forms of arguments: the ways that are made for each of them, and the programs that a form has."""
