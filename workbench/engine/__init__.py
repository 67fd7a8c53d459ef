"""Everything the workbench does, without a window.

Layers, each importing only what stands to the right::

    train -> tasks -> models | data -> project -> params | events | registry | device | errors | files | preferences

Long work is a generator of the frozen events in :mod:`workbench.engine.events`; closing the generator is how it stops.
No module in here imports Qt, and two tests say so.
"""
