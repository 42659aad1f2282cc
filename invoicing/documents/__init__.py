"""The documents of an invoice, made of nothing but its frozen text."""
