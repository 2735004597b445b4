"""What commands share: how they are declared, what they report, the files that they write, and how they ask a model."""
