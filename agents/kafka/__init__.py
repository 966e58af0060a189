"""Kafka, as the command line and the worker use it: connections, topics, dead letters, roster."""
