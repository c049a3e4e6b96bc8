"""Results to archives: destinations, what is due to them, an outbox, and couriers that empty it."""
