"""The pages of the Latent panel, each in modules of its own."""
