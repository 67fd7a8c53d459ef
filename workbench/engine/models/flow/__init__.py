"""A normalising flow of dense couplings on a checkerboard, and what every flow here is made of."""
