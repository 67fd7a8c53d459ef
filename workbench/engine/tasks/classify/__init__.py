"""Classification: one class an image."""
