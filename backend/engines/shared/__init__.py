"""What the engines share: runtimes, networks, sampling, the tokens of motion."""
