"""Qt item models over engine objects: the engine's value is the truth, the model follows."""
