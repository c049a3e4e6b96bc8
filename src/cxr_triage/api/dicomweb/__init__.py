"""STOW-RS for archives and X-ray machines."""
