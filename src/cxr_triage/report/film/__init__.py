"""A film's result as JSON, page and pictures."""
