"""A full replay: the source topics folded once more, beside the live state, and then taken."""
