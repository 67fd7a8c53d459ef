"""Dense network on flattened pixels: the plain baseline."""
