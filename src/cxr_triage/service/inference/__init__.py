"""Reading, scoring and drawing in processes of their own."""
