"""Alerts on their way to people: Alertmanager's configuration, and the history of all alerts."""
