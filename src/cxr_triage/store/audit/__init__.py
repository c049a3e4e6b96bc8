"""The audit trail: rows, their chain, and heads noted elsewhere."""
