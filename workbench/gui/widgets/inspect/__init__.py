"""What the Inspect panel shows."""
