"""Native decoders in processes of their own, which may die alone."""
