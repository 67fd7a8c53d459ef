"""The convolutional adversarial pair, for images that dense layers are too blunt for."""
