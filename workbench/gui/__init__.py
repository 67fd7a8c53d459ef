"""The window: what a person sees and touches. Everything that is done, the engine does."""
