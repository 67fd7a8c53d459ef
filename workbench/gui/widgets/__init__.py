"""Widgets that several panels share. None knows a panel, the window or where its data comes from."""
