"""What the alert rules must do, series in and alerts out, by what they are about."""
