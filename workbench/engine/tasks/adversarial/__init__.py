"""Two networks against each other: one draws images, the other tells them from real ones."""
