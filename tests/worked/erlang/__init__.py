"""The simulator against Erlang C, through our own counting."""
