"""From published checkpoints to model folders."""
