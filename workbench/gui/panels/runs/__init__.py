"""The Runs panel: every run, side by side, over one another, by itself."""
