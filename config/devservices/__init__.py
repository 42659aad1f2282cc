"""Servers and processes of one machine: what `make run` and `make test` start. Knows no Django."""
