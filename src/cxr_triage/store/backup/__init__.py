"""Backups: made, read and restored."""
