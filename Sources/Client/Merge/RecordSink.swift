/// A stream among those that are merged. Numbers count from 0 and are not used again.
struct StreamID: Hashable, Sendable {
    let number: Int
}

/// Takes merged records.
protocol RecordSink {
    /// Takes records that follow each other in one stream, in the form of a ``RecordBatch``'s bytes.
    mutating func write(_ records: UnsafeRawBufferPointer, of stream: StreamID) throws
}
