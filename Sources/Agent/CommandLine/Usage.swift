/// The version that `-version` prints.
public let version: ByteString = "0.1.0"

/// The text that `-help` prints, and that follows the error of a command line that cannot be carried out.
public var usage: ByteString {
    let flags = FlagDefinition.all
    return """
        Usage: cf-pcap \(flags.map { $0.synopsis }.joined(separator: " ")) > capture.pcap

        Writes the packets of one network interface to standard output, in the pcap format that Wireshark, tshark and
        tcpdump read, until it is interrupted. The SSH session that it runs in is left out.

        \(flags.map { $0.helpLines }.joined(separator: "\n"))
          -version, -help      print the version, or this

        Inside the container:
          /tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080' > capture.pcap      (stop with Ctrl-C)
        From your own machine, straight into Wireshark:
          cf ssh APP -c "/tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080'" | wireshark -k -i -

        """
}

extension FlagDefinition {
    /// The flag and the word for its value: `-interface NAME`.
    private var title: ByteString { placeholder.isEmpty ? "-\(name)" : "-\(name) \(placeholder)" }

    /// The flag in the first line of the usage, in brackets if a capture does not need it.
    fileprivate var synopsis: ByteString { isRequired ? title : "[\(title)]" }

    /// The flag and its explanation in two columns.
    fileprivate var helpLines: ByteString {
        let lines = ByteString(stringLiteral: help).bytes.split(separator: UInt8(ascii: "\n"))
        let margin = ByteString([UInt8](repeating: UInt8(ascii: " "), count: 23))
        let first = ByteString(("  \(title)" as ByteString).bytes + margin.bytes.dropFirst(title.count + 2))
        return "\(first)\(lines.map { ByteString($0) }.joined(separator: "\n\(margin)"))"
    }
}
