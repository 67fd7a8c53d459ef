"""The pages beside a dataset's items: its numbers, its classes, what is wrong with it, how it is split."""
