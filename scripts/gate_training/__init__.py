"""What the learned gate is trained on, and the network."""
