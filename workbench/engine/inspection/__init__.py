"""What a trained run says about data, and whether to believe it: numbers for a person to look into.

``inspection`` asks a checkpoint about items; everything else is arithmetic on its answers, without torch.
"""
