"""What is expected of a team in each quarter of the week, learnt from its last weeks. Pure."""
