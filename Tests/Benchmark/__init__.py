"""What capturing costs: the agent, its peers, and a bare libpcap loop, measured in turn in one run.

`scripts/bench` runs it. A part is a file in `parts/`; the rest is what they share.
"""
