"""The dense adversarial pair, and what every adversarial pair has in common."""
