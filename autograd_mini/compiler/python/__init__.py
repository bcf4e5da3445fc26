"""Programs as straight-line Python."""
