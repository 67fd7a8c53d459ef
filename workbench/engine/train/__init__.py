"""Training: a job (parameters), the loop that runs it, checkpoints, and what a trained run can be asked.

``session`` prepares and resumes runs, ``fit`` is the loop, ``trained`` evaluates and predicts.
"""
