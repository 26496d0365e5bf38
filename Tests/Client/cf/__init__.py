"""A small `cf`: what it prints, where, and how it ends are those of the real command line, version 8."""
