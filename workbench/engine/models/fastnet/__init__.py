"""Convolutional network built to reach a given accuracy in the least time."""
