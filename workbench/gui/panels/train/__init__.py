"""The Train panel: choose, start, watch."""
