/// The end of a file, and of what waits for a full buffer.
extension CaptureFile {
    /// Whether anything was written to any file.
    var hasBegun: Bool { hasFinished || (writer?.destination.written ?? 0) > 0 }

    /// Writes what there is; throws if nobody reads it any more. Compressed output waits for a full buffer or for
    /// ``longestWait``, unless somebody may be reading it: small pieces compress badly.
    mutating func flush(at now: ContinuousClock.Instant = .now) throws(OutputError) {
        guard let writer else { return }
        if writer.destination.hasLostReader { throw .readerGone }
        if !writer.isCompressing || writer.destination.isLive || now - lastWrite >= Self.longestWait { try writeOut() }
    }

    /// The longest time for which compressed packets are in memory only. With the interval between two calls of
    /// ``flush(at:)`` it is less than two seconds.
    private static let longestWait = Duration.milliseconds(1800)

    /// Writes what is left and what stands at the end of a file, and closes it. One that could not be written on is
    /// only closed.
    mutating func finish(at now: UInt64, isFailed: Bool) throws(OutputError) {
        guard let writer else { return }
        defer {
            hasFinished = hasFinished || writer.destination.written > 0
            self.writer = nil
            setBufferLimit()
        }
        var failure: OutputError?
        do {
            if !isFailed { try writeEnd(at: now) }
        } catch {
            failure = error
        }
        try writer.close(failure)
    }

    private mutating func writeEnd(at now: UInt64) throws(OutputError) {
        try writeOut()
        if writer?.destination.written == 0, let first = interfaces.entries.first {
            try writeApart(encoder.begin(first.stream))
        }
        for (index, interface) in interfaces.entries.enumerated() {
            let known = interface.known ?? StreamStatistics()
            interfaces.entries[index].known = nil
            try writeApart(encoder.end(known, written: interface.written, interface: index, now: now))
        }
        commentLength = 0
        try writer?.writeEnding()
    }
}
