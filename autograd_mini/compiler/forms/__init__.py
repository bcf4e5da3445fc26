"""Forms of arguments: the ways that are generated for each form, and its programs."""
