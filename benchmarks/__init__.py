"""How fast, how late and how big one worker is. `python -m benchmarks`; see docs/benchmarks.md."""
