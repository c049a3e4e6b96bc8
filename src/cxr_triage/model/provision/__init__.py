"""Fetching and installing published models."""
