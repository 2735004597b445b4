"""Motion files of every kind into `Motion`, and back."""
