"""Takes under review: nothing is final before one is accepted, nothing is left of those that are not."""
