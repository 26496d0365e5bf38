/// Translates display filters of Wireshark, which users give by mistake, into capture filters.
enum DisplayFilter {
    /// The fields of display filters, each with the primitive of pcap-filter(7) that means the same.
    static let translations: [(field: ByteString, primitive: ByteString)] = [
        ("tcp.port", "tcp port"), ("tcp.srcport", "tcp src port"), ("tcp.dstport", "tcp dst port"),
        ("udp.port", "udp port"), ("ip.addr", "host"), ("ip.src", "src host"), ("ip.dst", "dst host"),
        ("ipv6.addr", "host"), ("http", "tcp port 8080"), ("tls", "tcp port 443"), ("ssl", "tcp port 443"),
        ("dns", "port 53"),
    ]

    /// The words after which a primitive of pcap-filter(7) can begin.
    private static let connectives: [ByteString] = ["and", "or", "not", "&&", "||", "!", "("]

    /// Returns the capture filter for a display filter or a bare port number.
    ///
    /// Translates comparisons for equality (`tcp.port == 8080`) and the names of protocols (`dns`), and returns nil for
    /// any other expression.
    static func captureFilter(meantBy expression: ByteString) -> ByteString? {
        if expression.bytes.decimal(upTo: UInt64(UInt16.max)) != nil { return "port \(expression)" }
        guard !expression.bytes.contains(where: { ("!<>{" as ByteString).bytes.contains($0) }) else { return nil }
        let equalsIsSpace = ByteString(expression.bytes.map { $0 == UInt8(ascii: "=") ? UInt8(ascii: " ") : $0 })
        let words = equalsIsSpace.words.filter { $0 != "eq" }
        var translated: [ByteString] = []
        for (index, word) in words.enumerated() {
            // After `host` or `port` a word is a name to look up, even if a field has the same name.
            let beginsPrimitive = index == 0 || connectives.contains(words[index - 1])
            let translation = beginsPrimitive ? translations.first { $0.field == word }?.primitive : nil
            translated.append(translation ?? word)
        }
        return translated == words ? nil : translated.joined(separator: " ")
    }
}
