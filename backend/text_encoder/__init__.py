"""The pretrained English encoder that training and evaluation read texts with."""
