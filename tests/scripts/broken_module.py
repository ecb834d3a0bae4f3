"""Imported by raises_on_import.py."""

THRESHOLD = int("0.5")  # here
