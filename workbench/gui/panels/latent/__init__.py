"""The Latent panel: what a network that makes images has learned, explored by hand."""
