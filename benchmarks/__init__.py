"""Measurements of the running bot against the simulated platform and Slack. `make bench` runs them all."""
