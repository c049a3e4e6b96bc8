"""From stored values to grey values: tables, windows, polarity."""
