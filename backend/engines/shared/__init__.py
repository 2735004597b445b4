"""What the engines share: runtimes, networks, sampling, motion tokens."""
