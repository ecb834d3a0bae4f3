"""What this system costs beside others, measured: `make bench` compares, `make bench-scale` shows how cost grows."""
