"""What doctors do: worklist, reviews, reports."""
