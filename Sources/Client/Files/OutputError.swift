/// Why packets cannot be written, or no more of them.
enum OutputError: Error, Equatable {
    /// The output exists and may not be overwritten.
    case exists(String)
    /// Files of a set with the name are there.
    case setExists(String)
    /// Standard output is a terminal.
    case isTerminal
    /// Standard output leads where standard error leads, so that messages would stand between the packets.
    case isShared
    /// Standard output is a file that has something already, and the format allows nothing before its header.
    case isNotEmpty
    /// The output cannot be opened or written.
    case failed(path: String, Errno)
    /// The output takes no more in the middle of a packet, and the part that it took cannot be taken back.
    case cut(path: String, Errno)
    /// Somebody else has removed, replaced or changed the file while it was written.
    case lost(String)
    /// The run was stopped before the FIFO had a reader.
    case neverRead(String)
    /// The reader of the output has gone.
    case readerGone
    /// The reader of the output did not take all of it in time.
    case behind(String)
    /// A pcap file has one link type for all its packets, and this stream's is another one.
    case linkType(expected: UInt16, found: UInt16)
    /// The library that compresses reports an error.
    case compression(String)
}

extension OutputError {
    /// Whether the file system, or a person's share of it, is full.
    var isFullDisk: Bool {
        if case .failed(_, let error) = self { error == .noSpace || error == .diskQuotaExceeded } else { false }
    }
}

extension OutputError: CustomStringConvertible {
    var description: String {
        switch self {
        case .exists(let path): "'\(path)' exists already: choose another --output, or --force to overwrite it"
        case .setExists(let name):
            "'\(name)' is of a set that exists already: choose another --output, for no run continues another's set"
        case .isTerminal: "packets are not written to a terminal: use -o FILE, or -o - with a pipe or a file behind it"
        case .isShared: "messages go to standard output, too: leave 2>&1 out, or use -o FILE"
        case .isNotEmpty: "a .pcap file cannot be appended to: use > in place of >>, or --format pcapng"
        case .failed(let path, .noSpace): "no space left for '\(path)': it ends with the last whole packet"
        case .failed(let path, let error): "'\(path)' cannot be written: \(error)"
        case .cut(let path, let error): "'\(path)' cannot be written: \(error); its last packet is incomplete"
        case .lost(let path):
            "'\(path)' was removed, replaced or changed by another program: it is not the whole capture"
        case .neverRead(let path): "nothing was captured, because '\(path)' had no reader"
        case .readerGone: "the reader of the output has gone"
        case .behind(let name): "\(name) did not take the last packets in time"
        case .linkType(let expected, let found):
            "its packets are of link type \(found), the file's of \(expected), and a .pcap file has but one: "
                + "write a .pcapng file"
        case .compression(let reason): "the output cannot be compressed: \(reason)"
        }
    }
}
