"""nncalc: a calculator for neural-net homework, in which everything is an equation."""

__version__ = "0.1.0"
