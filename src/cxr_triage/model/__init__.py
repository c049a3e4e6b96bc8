"""Models: cards, files, running them, and what their outputs mean."""
