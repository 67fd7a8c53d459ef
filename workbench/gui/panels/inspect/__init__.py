"""The Inspect panel: ``panel`` arranges, ``bar`` chooses what is looked at, ``pages`` are looks, ``export`` writes."""
