/// The interfaces of a capture, one for each stream, in the order in which they were added.
struct InterfaceTable {
    /// A description, and what was written under it.
    struct Entry {
        let stream: StreamDescription
        /// The statistics to write at the stream's end; nil before the end, and once they are written.
        var known: StreamStatistics?
        /// Its records in the present file.
        var written: UInt64 = 0
        var state = State.undecided
    }

    /// Whether the format holds a stream's packets, which the first of them shows.
    enum State {
        case undecided, accepted, refused
    }

    var entries: [Entry] = []
    /// The interface of each stream, by the stream's number; -1 for none.
    private var interfaceOfStream: [Int] = []

    /// Adds an interface for a stream.
    mutating func add(_ id: StreamID, _ stream: StreamDescription) {
        while interfaceOfStream.count <= id.number { interfaceOfStream.append(-1) }
        interfaceOfStream[id.number] = entries.count
        entries.append(Entry(stream: stream))
    }

    /// Returns the number of a stream's interface; nil for a stream that was not added.
    @inline(__always)
    func number(of id: StreamID) -> Int? {
        guard id.number < interfaceOfStream.count, interfaceOfStream[id.number] >= 0 else { return nil }
        return interfaceOfStream[id.number]
    }

    /// Returns the number of a stream's interface; nil unless the format is known to hold the stream's packets.
    @inline(__always)
    func accepted(_ id: StreamID) -> Int? {
        guard let index = number(of: id), entries[index].state == .accepted else { return nil }
        return index
    }

    /// The records in the present file.
    var written: UInt64 { entries.reduce(0) { $0 + $1.written } }

    /// Takes a record out of the count of an interface, or of another one if it has none: a format without interfaces does not
    /// say whose record it is.
    mutating func uncount(_ index: Int) {
        let owner = entries[index].written > 0 ? index : entries.firstIndex { $0.written > 0 }
        if let owner { entries[owner].written -= 1 }
    }

    /// Begins to count anew, for the next file.
    mutating func resetCounts() {
        for index in entries.indices { entries[index].written = 0 }
    }

    /// Returns what to say of a stream whose link type differs from those before it: which programs read a file with
    /// both.
    func warning(ofLinkType linkType: UInt16) -> String? {
        guard let first = entries.first?.stream.linkType, first != linkType,
            !entries.contains(where: { $0.stream.linkType == linkType })
        else { return nil }
        return """
            the packets are of several link types, \(LinkType.description(first)) and \(LinkType.description(linkType)): \
            Wireshark and tshark read them in one file, tcpdump does not
            """
    }
}
