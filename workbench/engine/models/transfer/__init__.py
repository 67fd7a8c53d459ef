"""A network that others trained, with a new last layer: theirs may be in a library, in a file or one of our runs."""
