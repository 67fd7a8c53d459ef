"""Kolmogorov-Arnold network: learned functions on the edges in place of weights."""
