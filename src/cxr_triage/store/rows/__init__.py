"""Rows: what is kept, found, moved and removed, within a caller's transaction."""
