"""What comes with a result: its takes, the figure that moves while it is made, history, and what the model knows."""
