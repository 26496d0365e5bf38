internal import Synchronization

/// The batches that have come and that the merger has not taken yet. A reader of a stream adds a batch and reads on,
/// without waiting for the merger each time.
final class BatchQueue: Sendable {
    /// The next step of a reader that has added a batch.
    enum Next {
        /// Read on.
        case read
        /// Read on, and have the merger take what the queue holds.
        case readAndMerge
        /// Wait until there is room.
        case wait
    }

    private struct State {
        var batches: [(RecordBatch, StreamID)] = []
        /// The memory of these batches, in bytes.
        var queuedBytes = 0
        /// The memory of the batches in the merge, in bytes.
        var mergingBytes = 0
        var isMergerCalled = false
    }

    /// The bytes at which the merger is called.
    private static let portion = 1 << 20

    private let capacity: Int
    private let state = Mutex(State())

    /// Creates a queue. `capacity` bounds the bytes here and in the merge together.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Sets the memory of the batches in the merge, in bytes.
    func setMergingBytes(_ count: Int) {
        state.withLock { $0.mergingBytes = count }
    }

    /// Adds a batch.
    func add(_ batch: RecordBatch, of id: StreamID) -> Next {
        state.withLock { state in
            state.batches.append((batch, id))
            state.queuedBytes += batch.bufferedBytes
            if state.queuedBytes + state.mergingBytes >= capacity { return .wait }
            guard state.queuedBytes >= Self.portion, !state.isMergerCalled else { return .read }
            state.isMergerCalled = true
            return .readAndMerge
        }
    }

    /// Removes and returns all batches, in the order in which they came. They count as merging from now on.
    func removeAll() -> [(RecordBatch, StreamID)] {
        state.withLock { state in
            defer { (state.batches, state.queuedBytes, state.isMergerCalled) = ([], 0, false) }
            state.mergingBytes += state.queuedBytes
            return state.batches
        }
    }
}
