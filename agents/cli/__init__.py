"""The `ringside` command: one module per command or group, imported only when it is used."""
