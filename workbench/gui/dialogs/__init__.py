"""Dialogs: each opens without blocking and says in place what is wrong."""
