"""One part of the benchmark a file: `run` takes a `Bench` and returns tables."""
