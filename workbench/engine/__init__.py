"""Everything the workbench does, without a window.

Layers, each importing only what stands to the right::

    train -> tasks -> models | data -> project -> device -> logs -> preferences | resources
    -> waiting -> params | events | files -> registry -> errors

Long work is a generator of the frozen events in :mod:`workbench.engine.events`; closing the generator is how it stops.
No module in here imports Qt, and two tests say so.
"""
