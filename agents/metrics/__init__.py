"""The metrics page: live windows, the floor now, and how the service itself is."""
