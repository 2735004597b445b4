"""The commands of `motiongpt`, one module each, with `add_commands(subparsers)`."""
