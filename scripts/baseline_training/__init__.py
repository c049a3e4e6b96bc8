"""What the training of the baseline is made of."""
