"""Training of minutes on one large device: all data on it, no validation, an end by the clock."""
