"""What Azure puts beside a scoring script."""
