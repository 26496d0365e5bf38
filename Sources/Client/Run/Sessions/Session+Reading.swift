/// The reading of a session's two streams. Both take turns with those of the other sessions.
extension Session {
    // MARK: The log

    /// Reads the agent's log to its end.
    func readLog(_ pipe: SessionPipe, _ progress: SessionProgress) async throws {
        var log = LogReader(at: .now)
        reading: while !Task.isCancelled {
            let now = ContinuousClock.now
            let piece = try unsafe pipe.read { bytes in
                unsafe log.append(bytes, at: now) { take($0, progress) }
            }
            switch piece {
            case .end: break reading
            case .nothing: _ = await pipe.waitUntilReadable(for: nil)
            case .made(let isTaken):
                progress.noteLogActivity(at: now)
                if isTaken {
                    await Task.yield()
                } else {
                    // Whoever writes too fast waits as well.
                    try? await Task.sleep(for: Self.pauseOfSkipping)
                }
            }
        }
        log.finish { take($0, progress) }
        if log.skippedBytes > 0 {
            let amount = Quantity.bytes(Double(log.skippedBytes))
            display.warn(point, "\(amount) of its log came too fast and were not read")
        }
    }

    /// The pause after 64 kB, or 256 kB where the system's pipes are larger, that were skipped.
    private static let pauseOfSkipping = Duration.milliseconds(50)

    private func take(_ line: [UInt8], _ progress: SessionProgress) {
        switch progress.withLog({ $0.append(line) }) {
        case .warning(let text): display.warn(point, text)
        case .error, .other: break
        }
        if let counts = progress.withLog(\.counts) { board.setCounts(point, counts) }
    }

    // MARK: The packets

    /// Reads the packets to their end, or to what is none.
    func readPackets(_ pipe: SessionPipe, _ progress: SessionProgress) async throws {
        var pcap = PcapStream()
        var (hasBegun, hasPackets) = (false, false)
        reading: while pcap.problem == nil && !Task.isCancelled {
            let batch: RecordBatch?
            switch try pcap.read(from: pipe) {
            case .end: break reading
            case .nothing:
                guard await !pipe.waitUntilReadable(for: pcap.isHoldingBack ? .milliseconds(500) : nil) else {
                    continue
                }
                batch = pcap.release()
            case .made(let records): batch = records
            }
            progress.noteActivity(at: .now)
            if !hasBegun, let header = pcap.header {
                hasBegun = true
                await begin(header, progress)
            }
            if !hasPackets, batch != nil {
                hasPackets = true
                try await beginPackets(progress)
            }
            try await collect(batch, progress)
            // A stream that never runs dry leaves the others their turn.
            await Task.yield()
        }
        progress.endStream(pcap)
        // The rest is not read: its sender is stopped.
        switch pcap.problem {
        case nil: break
        case .text(_)? where progress.isStopping: break
        case .text(_)?: throw SessionFailure(.unknown, pcap.problem?.description ?? "")
        case let problem?: throw SessionFailure(.agentFailed, problem.description)
        }
    }

    /// Takes the stream's last record, of which the session's end shows whether it is one.
    func endPackets(_ progress: SessionProgress, isOrderly: Bool) async {
        try? await collect(progress.withStream { $0.finish(isOrderly: isOrderly) }, progress)
        if progress.withStream({ $0.isCut }) && progress.isStopping && progress.isWanted {
            display.warn(point, "the last packet came in part, and is left out")
        }
    }

    private func begin(_ header: PcapHeader, _ progress: SessionProgress) async {
        let description = StreamDescription(
            name: "\(point.instance) \(point.interface)",
            description: "app \(app.name), instance \(target.instance.guid), \(progress.withLog(\.agent) ?? "cf-pcap")",
            filter: options.captureFilter, linkType: header.linkType,
            frameCheckBits: header.frameCheckBits, isNanoseconds: header.isNanoseconds, snaplen: header.longestPacket,
            addressName: AddressName(
                target.instance.address, name: "\(point.instance.process)-\(point.instance.index).\(app.name)"))
        progress.isHeldBack = true
        defer { progress.isHeldBack = false }
        await merger.describe(progress.stream, description)
        progress.begin()
        board.set(point, .capturing)
        onCapturing()
    }

    private func beginPackets(_ progress: SessionProgress) async throws {
        do {
            try await merger.begin(progress.stream)
        } catch {
            throw SessionFailure(.agentFailed, error.description)
        }
    }

    /// Gives a batch to the merger. Throws SessionFailure if the session sends more than it can have.
    private func collect(_ batch: RecordBatch?, _ progress: SessionProgress) async throws {
        guard let batch else { return }
        if let excess = progress.count(batch.count, bytes: batch.length) { throw excess }
        board.count(point, packets: batch.count, bytes: batch.captured)
        // Where the output takes no more, nothing is read, and nothing that is sent can be seen.
        progress.isHeldBack = true
        await merger.append(batch, to: progress.stream)
        progress.isHeldBack = false
        progress.noteActivity(at: .now)
    }
}
