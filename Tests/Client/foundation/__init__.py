"""A small Cloud Foundry on this machine: app containers as network namespaces, an API, and a `cf` that knows them."""

from .foundation import Application, Foundation, Process
from .instance import AGENT, Instance, agents, all_are_captured, live_agents
from .traffic import HTTPLoad, Pktgen, Tcpdump, request, sent_number

__all__ = ["AGENT", "Application", "Foundation", "HTTPLoad", "Instance", "Pktgen", "Process", "Tcpdump", "agents", "all_are_captured",
           "live_agents", "request", "sent_number"]
