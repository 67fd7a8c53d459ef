"""The Inspect panel: ``panel`` arranges, ``pages`` says which looks there are, ``export`` writes."""
