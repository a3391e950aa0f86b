"""The expected-value twin: the same model as expected flows over cells, without chance."""
