/// The version that `-version` prints.
public let version: ByteString = "0.1.0"

/// The text that `-help` prints, and that follows the error of a command line that cannot be carried out.
public var usage: ByteString {
    var synopsis: ByteString = ""
    var help: ByteString = ""
    for flag in FlagDefinition.all {
        synopsis.append(flag.isRequired ? " \(flag.title)" : " [\(flag.title)]")
        help.append(flag.helpLines)
    }
    return """
        Usage: cf-pcap\(synopsis) > capture.pcap

        Writes the packets of one network interface to standard output, in the pcap format that Wireshark, tshark and
        tcpdump read, until it is interrupted. The SSH session that it runs in is left out.

        \(help)  -version, -help      print the version, or this

        Inside the container:
          /tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080' > capture.pcap      (stop with Ctrl-C)
        From your own machine, straight into Wireshark:
          cf ssh APP -c "/tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080'" | wireshark -k -i -

        """
}

extension FlagDefinition {
    /// The flag and the word for its value: `-interface NAME`.
    fileprivate var title: ByteString { placeholder.isEmpty ? "-\(name)" : "-\(name) \(placeholder)" }

    /// The flag and its explanation in two columns.
    fileprivate var helpLines: ByteString {
        let width = 23
        var lines = ("  \(title)" as ByteString).bytes
        lines.append(spaces: width - lines.count)
        for byte in ByteString(stringLiteral: help).bytes {
            lines.append(byte)
            if byte == UInt8(ascii: "\n") { lines.append(spaces: width) }
        }
        lines.append(UInt8(ascii: "\n"))
        return ByteString(lines)
    }
}

extension [UInt8] {
    /// Appends `count` spaces.
    fileprivate mutating func append(spaces count: Int) {
        for _ in 0..<Swift.max(count, 0) { append(UInt8(ascii: " ")) }
    }
}
