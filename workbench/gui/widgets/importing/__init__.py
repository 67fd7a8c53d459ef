"""What the import dialog shows of a source before it is imported: what it is, samples, and what the checks found."""
