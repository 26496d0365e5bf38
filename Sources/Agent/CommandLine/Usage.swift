/// The version that `-version` prints.
public let version: ByteString = "0.1.0"

/// The text that `-help` prints, and that follows the error of a command line that cannot be carried out.
public let usage: ByteString = """
    Usage: cf-pcap -interface NAME [-filter EXPRESSION] [-snaplen BYTES] [-v] > capture.pcap

    Writes the packets of one network interface to standard output, in the pcap format that Wireshark, tshark and
    tcpdump read, until it is interrupted. The SSH session that it runs in is left out.

      -interface NAME      lo (plain text, between the platform's proxy and the app), eth0 (what enters and leaves the
                           container), any other interface of the container, or any for all of them
      -filter EXPRESSION   which packets: 'tcp port 8080', 'host db.example.com and not icmp'; see pcap-filter(7)
      -snaplen BYTES       how much of each packet is kept, 1 to 262144; 0 for the default, 65535
      -v                   say what is found and decided, and every 5 seconds what was captured
      -version, -help      print the version, or this

    Inside the container:
      /tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080' > capture.pcap      (stop with Ctrl-C)
    From your own machine, straight into Wireshark:
      cf ssh APP -c "/tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080'" | wireshark -k -i -

    """
