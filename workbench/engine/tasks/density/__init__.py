"""Density: how probable an image is, in bits per dimension."""
