"""Data: one file a source format, one Arrow file a dataset, one array of decoded pixels.

``source`` says what a format is, ``importing`` recognises and copies, ``ingest`` enters the result into a project,
``image_set`` reads it back, ``pixels`` decodes it for training.
"""
