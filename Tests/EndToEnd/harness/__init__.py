"""The vocabulary of the end-to-end tests: namespaces, the agent, its log, pcap files, traffic."""

from .agent import PIPE, Agent, Collector, Result, installed, start_agent
from .log import LogLine, find, parse_line, parse_log
from .moment import MissedMoment, in_time, repeated
from .namespace import UID, Namespace, run
from .pcap import Packet, Pcap, PcapError, check_with_tcpdump, check_with_tshark, read_pcap
from .paths import BINARY, REPOSITORY
from .traffic import Pktgen, Sink, http_exchange, send_numbered

__all__ = [
    "Pktgen", "Sink", "http_exchange", "send_numbered",
    "Agent", "BINARY", "Collector", "LogLine", "MissedMoment", "Namespace", "PIPE", "Packet", "Pcap", "PcapError",
    "REPOSITORY", "Result", "UID", "check_with_tcpdump", "check_with_tshark", "find", "in_time", "installed", "parse_line",
    "parse_log", "read_pcap", "repeated", "run", "start_agent",
]
