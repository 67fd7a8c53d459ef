"""A multi-scale normalising flow of convolutions."""
