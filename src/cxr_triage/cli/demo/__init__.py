"""Demonstration films and studies."""
