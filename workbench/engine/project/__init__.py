"""The project folder: everything that lasts.

``project.toml`` names it, ``project.db`` (SQLite, WAL) holds datasets, splits and the list of runs, ``data/<id>/`` the
Arrow files, ``runs/<id>/`` one folder a run. Several processes may work in one project at once.
"""
