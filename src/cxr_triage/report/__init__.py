"""Results in the forms that people and other systems read."""
