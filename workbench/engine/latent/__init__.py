"""What a generative run learned, to be explored: codes and pictures, planes and walks through the latent space.

``explorer`` asks a checkpoint and loads torch when it does; the rest is work around it and arithmetic on codes. Codes
are float32 [N, D] under a standard normal prior; pictures are uint8 [N, H, W], or [N, H, W, 3] in colour.
"""
