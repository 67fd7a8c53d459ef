"""Autoencoding: images to codes and back, with a prior over the codes."""
