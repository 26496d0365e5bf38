/// Tells users of Wireshark's display filters which capture filter they may want.
enum FilterHint {
    /// Wireshark's fields, and the primitives of pcap-filter(7) that mean the same.
    static let translations: [(field: ByteString, primitive: ByteString)] = [
        ("tcp.port", "tcp port"), ("tcp.srcport", "tcp src port"), ("tcp.dstport", "tcp dst port"),
        ("udp.port", "udp port"), ("ip.addr", "host"), ("ip.src", "src host"), ("ip.dst", "dst host"),
        ("ipv6.addr", "host"), ("http", "tcp port 8080"), ("tls", "tcp port 443"), ("ssl", "tcp port 443"),
        ("dns", "port 53"),
    ]

    /// The words behind which a primitive of pcap-filter(7) can begin.
    private static let connectives: [ByteString] = ["and", "or", "not", "&&", "||", "!", "("]

    /// Returns the capture filter for a simple display filter (`tcp.port == 8080`) or a bare port number; nil for others.
    static func captureFilter(meantBy expression: ByteString) -> ByteString? {
        if expression.bytes.decimal(upTo: UInt64(UInt16.max)) != nil { return "port \(expression)" }
        guard !expression.bytes.contains(where: { ("!<>{" as ByteString).bytes.contains($0) }) else { return nil }
        let equalsIsSpace = ByteString(expression.bytes.map { $0 == UInt8(ascii: "=") ? UInt8(ascii: " ") : $0 })
        let words = equalsIsSpace.words.filter { $0 != "eq" }
        var translated: [ByteString] = []
        for (index, word) in words.enumerated() {
            // After `host` or `port`, the name of a field is a name to look up.
            let beginsPrimitive = index == 0 || connectives.contains(words[index - 1])
            let translation = beginsPrimitive ? translations.first { $0.field == word }?.primitive : nil
            translated.append(translation ?? word)
        }
        return translated == words ? nil : translated.joined(separator: " ")
    }

    /// Returns `, ` or `; ` and advice for an expression that libpcap has refused with `reason`; an empty string if there is
    /// none.
    static func text(forRefused expression: ByteString, because reason: ByteString = "") -> ByteString {
        if reason.contains("malloc") { return ", compiling it takes too much memory" }
        if reason.contains("unknown ip proto") { return "; write its number, as in 'ip proto 47'" }
        if reason.contains("netmask not known") { return "; write the address, as in 'dst host 10.0.0.255'" }
        if let filter = captureFilter(meantBy: expression) {
            return "; did you mean '\(filter)'? It is a capture filter that is wanted, see pcap-filter(7)"
        }
        let looksLikeDisplayFilter = expression.contains("==") || expression.words.first?.contains(".") == true
        guard looksLikeDisplayFilter else { return "" }
        return "; it is a capture filter that is wanted, such as 'tcp port 8080 and host 10.0.0.1', see pcap-filter(7)"
    }
}
