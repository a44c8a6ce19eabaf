"""The data sets: found, verified, read safely, split and brought into Z-order. The only network code is here."""
