"""Environments on this machine: interpreter and packages that a scoring script runs with, built once per content."""
