"""The ways in which data lie on a disk or come by name; one module a format."""
