"""What chooses a trained network, its weights, and how much of it is kept."""
