"""How long the panel's buttons take, from the press to the written keys."""
