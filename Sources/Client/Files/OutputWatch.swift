internal import Synchronization

/// Tells other threads whether an output accepts what is written to it: the merger's queue, which writes, blocks while it
/// does not. Holds as well the times within which ``BoundedPipe`` closes.
final class OutputWatch: Sendable {
    /// A write that an output has not yet accepted.
    struct PendingWrite: Equatable, Sendable {
        /// The output in messages.
        let name: String
        /// Whether somebody reads it: a pipe, a device.
        let isLive: Bool
        /// The moment at which the output accepted something last, or the write began.
        let since: ContinuousClock.Instant
    }

    private struct State {
        var pending: PendingWrite?
        var closingDeadline: ContinuousClock.Instant?
    }

    /// The longest time for which the end waits for slow readers that still take bytes, of all outputs together. Less than
    /// the outputs have for their end.
    let closeTime: Duration
    /// The longest time for which it waits for a reader that takes nothing.
    let stallTime: Duration

    private let state = Mutex(State())

    /// The bytes that are written to a live output at once, so that a slow one shows that it accepts something: 3 kB/s are
    /// enough for a piece in 5 seconds.
    static let pieceSize = 16 << 10

    init(closeTime: Duration = .seconds(3), stallTime: Duration = .seconds(1)) {
        self.closeTime = closeTime
        self.stallTime = stallTime
    }

    /// The write that is pending; nil if there is none.
    var pending: PendingWrite? { state.withLock { $0.pending } }

    /// The moment by which the outputs must be closed, once the run ends.
    var closingDeadline: ContinuousClock.Instant? {
        get { state.withLock { $0.closingDeadline } }
        set { state.withLock { $0.closingDeadline = newValue } }
    }

    /// A write begins, on the merger's queue.
    func begin(_ name: String, isLive: Bool) {
        state.withLock { $0.pending = PendingWrite(name: name, isLive: isLive, since: .now) }
    }

    /// The write has ended.
    func end() {
        state.withLock { $0.pending = nil }
    }
}
