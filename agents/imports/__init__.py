"""Files of other programs, read as events: a mapping says what their columns mean."""
