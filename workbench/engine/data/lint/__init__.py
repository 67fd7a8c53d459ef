"""What is wrong or remarkable in a dataset, found before anything is trained on it."""
