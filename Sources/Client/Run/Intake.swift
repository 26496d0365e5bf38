internal import Synchronization

/// What the streams have shown and the merge has not taken yet. Whoever reads a stream leaves it here and reads on,
/// without waiting for the merge each time.
final class Intake: Sendable {
    /// What whoever reads a stream is to do next.
    enum Next {
        case goOn
        /// Read on, and see to it that the merge takes what there is.
        case goOnAndMerge
        /// Wait until there is room.
        case wait
    }

    private struct State {
        var batches: [(RecordBatch, StreamID)] = []
        /// The memory of those, and of what waits in the merge, in bytes.
        var waiting = 0
        var merged = 0
        var isCalled = false
    }

    /// How much is merged at once, in bytes.
    private static let portion = 1 << 20

    private let capacity: Int
    private let state = Mutex(State())

    /// For so many bytes, here and in the merge.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The memory of what waits in the merge, in bytes.
    var merged: Int {
        get { state.withLock { $0.merged } }
        set { state.withLock { $0.merged = newValue } }
    }

    /// Adds what a stream has shown.
    func add(_ batch: RecordBatch, to id: StreamID) -> Next {
        state.withLock { state in
            state.batches.append((batch, id))
            state.waiting += batch.footprint
            if state.waiting + state.merged >= capacity { return .wait }
            guard state.waiting >= Self.portion, !state.isCalled else { return .goOn }
            state.isCalled = true
            return .goOnAndMerge
        }
    }

    /// Takes all that there is, in the order in which it came.
    func takeAll() -> [(RecordBatch, StreamID)] {
        state.withLock { state in
            defer { (state.batches, state.waiting, state.isCalled) = ([], 0, false) }
            // Until it is told otherwise, all of it waits in the merge.
            state.merged += state.waiting
            return state.batches
        }
    }
}
