"""Compiled functions as files: kept, `save` and `load`; encoding, what stands in them."""
