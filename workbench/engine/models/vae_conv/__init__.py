"""Convolutional variational autoencoder with residual blocks."""
