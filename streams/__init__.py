"""The pure core: state machines, panes, windows, KPIs, the simulator. Imports schemas only."""
