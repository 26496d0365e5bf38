/// What somebody may have meant by a flag that does not exist, being used to tcpdump, dumpcap or tshark.
enum FlagHint {
    /// Flags of others, and what there is here.
    private static let counterparts: [(names: ByteString, here: ByteString)] = [
        ("i I iface device dev nic", "did you mean -interface?"),
        ("f F bpf expression", "did you mean -filter?"),
        ("s S size bytes", "did you mean -snaplen?"),
        ("v V debug", "did you mean -v?"),
        ("h H ?", "did you mean -help?"),
        ("w W o O file", "the capture goes to standard output, which '> FILE' puts into a file"),
        ("c C a G time timeout duration", "'timeout -s INT SECONDS' in front of the command ends a capture by itself"),
        ("n p U l q e t x X A K B", "leave it out, packets are written as they come, and nothing is looked up"),
        ("r", "tcpdump, tshark and Wireshark read captures"),
    ]
    private static let listing: ByteString = "D L list list-interfaces"

    /// Nothing, or `: ` and what to do. A name that is not known counts by its first letter.
    static func text(for name: ByteString, interfaces: [ByteString]) -> ByteString {
        for name in [name, ByteString(name.bytes.prefix(1))] {
            if listing.hasWord(name) { return ": the interfaces are \(interfaces.joined(separator: ", "))" }
            if let (_, here) = counterparts.first(where: { $0.names.hasWord(name) }) { return ": \(here)" }
        }
        return ""
    }
}

extension ByteString {
    /// Its parts between blanks.
    var words: [ByteString] { bytes.split(separator: UInt8(ascii: " ")).map { ByteString($0) } }

    fileprivate func hasWord(_ word: ByteString) -> Bool { words.contains(word) }
}
