"""The parts of a form: one row a parameter, its editor, headings that fold, help."""
