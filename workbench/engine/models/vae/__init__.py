"""Variational autoencoders of dense layers, and what is the same in all of them."""
