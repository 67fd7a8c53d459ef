"""Small convolutional network with a dense stack behind it: the first step up from the dense baseline."""
