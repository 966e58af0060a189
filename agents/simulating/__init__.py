"""Drives the simulated floor with a real clock, into Kafka or a file."""
