"""Six convolutions with dropout: the stronger of the two plain convolutional networks."""
