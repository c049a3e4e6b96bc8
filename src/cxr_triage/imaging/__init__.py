"""Bytes of an image in, prepared pixels and pictures out."""
