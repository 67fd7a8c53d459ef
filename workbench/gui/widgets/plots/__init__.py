"""Charts of numbers that grow: fast enough to be live, exact enough to be read."""
