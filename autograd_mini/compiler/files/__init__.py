"""Compiled functions as files: kept has `save` and `load`, encoding the format."""
