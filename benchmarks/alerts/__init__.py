"""`make bench-alerts`: how soon a drop is told, how often falsely, on a real centre's counts."""
