"""A desktop deep-learning workbench: a Qt-free engine, a command line and a window over the same parts."""

__version__ = "0.5.0"
