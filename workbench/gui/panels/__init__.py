"""The seven panels. Each is imported when it is first shown; none imports another."""
