extension CaptureOptions {
    /// The form in which packets are printed, a line each.
    enum PrintedForm: Sendable {
        case text, json
    }

    /// The form in which packets are printed on standard output; nil if they are not printed.
    var printedForm: PrintedForm? {
        if text { return .text }
        return json && !list && !checksInstances ? .json : nil
    }

    /// The options that show packets, as far as they are given.
    private var optionsOfShowing: [String] {
        [text ? "--text" : nil, json ? "--json" : nil, wireshark ? "--wireshark" : nil].compactMap { $0 }
    }

    /// Whether packets are shown as they come.
    var showsPackets: Bool { wireshark || printedForm != nil }

    /// Refuses options of showing packets that have no meaning together. The words of a display filter are checked later, by
    /// tshark: `Tshark.prepare`.
    func checkShowing() throws(UsageError) {
        let options = optionsOfShowing
        guard options.count < 2 else {
            throw UsageError("\(options[0]) and \(options[1]) show the packets in two ways, leave one of them out")
        }
        guard let option = options.first else {
            guard displayFilter == nil else {
                throw UsageError(
                    "--display-filter chooses what --text, --json or --wireshark shows: give one of them, or --filter")
            }
            return
        }
        guard displayFilter?.allSatisfy(\.isWhitespace) != true else {
            throw UsageError("--display-filter is empty, write one such as 'http.response.code >= 500'")
        }
        try checkFile(beside: option)
    }

    private func checkFile(beside option: String) throws(UsageError) {
        guard !writesStandardOutput else {
            throw UsageError(
                wireshark
                    ? "--wireshark takes the place of '-o -', name a file with --output or leave it out"
                    : "\(option) prints on standard output, name a file with --output or leave it out")
        }
        guard output == nil, rotation == nil else { return }
        guard requestedFormat == nil, !force else {
            throw UsageError(
                "\(option) alone writes no file, leave out \(force ? "--force" : "--format") or name a file with --output"
            )
        }
    }
}
