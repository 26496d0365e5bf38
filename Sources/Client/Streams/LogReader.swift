/// Reads the lines of one session's log, as many as an agent writes and far more, and counts the bytes of the rest.
///
/// A container can write without end. Parsing costs a hundred times what skipping does, and would take the processor from
/// the packets of all others.
struct LogReader {
    /// The bytes that are parsed at once after a while of silence. An agent's start takes 2 kB, a filter of 500 hosts 40 kB.
    static let burst = 256 << 10
    /// The bytes a second that are parsed in the long run. An agent writes 40.
    static let rate = 32 << 10

    /// The bytes that came too fast and were not parsed.
    private(set) var skippedBytes = 0

    private var lines = LineSplitter()
    /// The bytes that may be parsed now; negative after a piece that was larger.
    private var allowance = Double(LogReader.burst)
    private var lastRefill: ContinuousClock.Instant

    /// Creates a reader that may parse ``burst`` bytes at `now`.
    init(at now: ContinuousClock.Instant) {
        lastRefill = now
    }

    /// Takes a piece that came at `now`; calls `body` with each line that is now whole. Returns false if it skipped the
    /// piece.
    mutating func append(
        _ piece: UnsafeRawBufferPointer, at now: ContinuousClock.Instant, _ body: ([UInt8]) -> Void
    ) -> Bool {
        refill(at: now)
        guard allowance > 0 else {
            skippedBytes += piece.count
            lines.dropLine(isWhole: unsafe piece.last == UInt8(ascii: "\n"))
            return false
        }
        allowance -= Double(piece.count)
        unsafe lines.append(piece, body)
        return true
    }

    /// Takes the end; calls `body` with a last line that has none.
    mutating func finish(_ body: ([UInt8]) -> Void) {
        lines.finish(body)
    }

    private mutating func refill(at now: ContinuousClock.Instant) {
        let seconds = (now - lastRefill) / .seconds(1)
        allowance = min(allowance + seconds * Double(Self.rate), Double(Self.burst))
        lastRefill = now
    }
}
