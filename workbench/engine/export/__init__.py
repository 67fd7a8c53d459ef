"""What leaves the workbench for other programs: predictions, networks, figures, reports."""
