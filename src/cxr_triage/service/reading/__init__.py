"""What doctors do: worklist, readings, reports."""
