"""Questions about texts: a list of many, and one with its text and the answers in it."""
