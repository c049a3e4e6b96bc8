"""Signing in at a hospital's own provider."""
