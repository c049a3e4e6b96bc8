"""Results beside true labels: how good the scores are, and where to cut."""
