"""Inspect: what a trained network says, why, and when not to believe it."""
