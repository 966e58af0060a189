"""The contract: event types, codec, topics, roster, KPI catalogue. Imports stdlib and msgspec."""
