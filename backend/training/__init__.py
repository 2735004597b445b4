"""Everything that makes a model: data, tokenizer, language model, export. Needs the `train` extra."""
