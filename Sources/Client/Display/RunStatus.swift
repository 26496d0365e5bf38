/// The state of a whole run, besides that of its instances.
struct RunStatus: Equatable, Sendable {
    /// The event that the run waits for.
    enum Event: Equatable, Sendable {
        /// The events of these options have not come.
        case awaited([String])
        /// The event of this option has come, and the capture goes on for the remaining time.
        case came(option: String, remaining: Duration)
    }

    /// The time since the first session began to capture.
    let elapsed: Duration
    /// The time after which the capture ends; nil if it is not limited.
    let duration: Duration?
    /// The files; nil where the output is a stream.
    let output: OutputProgress?
    /// The state of the event; nil if the run waits for none.
    let event: Event?

    /// The state in a few words each: `12:34 elapsed`, `'web.pcapng' has 12.3 MB`, `waiting for --until 'udp'`.
    var parts: [String] { [time, file(), files, eventText].compactMap { $0 } }

    /// The state in lines of at most `columns` characters, each of which fills one column.
    func lines(columns: Int) -> [String] {
        let parts = [time, file(columns: columns), files, eventText].compactMap { $0?.inColumns }
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, last.count + 2 + part.count <= columns {
                lines[lines.count - 1] = "\(last); \(part)"
            } else {
                lines.append(part.count <= columns ? part : part.prefix(max(0, columns - 3)) + "...")
            }
        }
        return lines.map { String($0.prefix(columns)) }
    }

    private var time: String {
        let elapsed = Quantity.clock(elapsed)
        return duration.map { "\(elapsed) of \(Quantity.clock($0))" } ?? "\(elapsed) elapsed"
    }

    /// The present file and its size. A path that is too long for a line loses its beginning: the end tells files of a set
    /// apart.
    private func file(columns: Int = .max) -> String? {
        guard let output else { return nil }
        let size = Quantity.bytes(Double(output.size))
        let name = output.file.inColumns
        let room = columns - "'' has \(size)".count
        let isShort = name.count <= room
        return "'\(isShort ? name : "..." + name.suffix(max(0, room - 3)))' has \(size)"
    }

    private var files: String? {
        output?.completeFiles.map { "\(Quantity.count($0)) complete \($0 == 1 ? "file" : "files") kept" }
    }

    private var eventText: String? {
        switch event {
        case .awaited(let options)?: "waiting for \(options.joined(separator: " or "))"
        case .came(let option, let remaining)?: "what \(option) waits for has come: \(Quantity.clock(remaining)) left"
        case nil: nil
        }
    }
}
