/// A stream among those that are merged. Numbers count from 0 and are not used again.
struct StreamID: Hashable, Sendable {
    let number: Int
}

/// Records that follow each other in one stream.
@safe struct RecordRun {
    /// The records in the form of a ``RecordBatch``'s bytes. Valid as long as the memory that they stand in.
    let records: UnsafeRawBufferPointer
    let count: Int
    let stream: StreamID
}

/// Takes merged records.
protocol RecordSink {
    /// The most runs that one call of ``write(_:)`` takes.
    var runLimit: Int { get }

    /// Takes runs of records in the merged order. Their memory is valid until the call returns.
    mutating func write(_ runs: [RecordRun]) throws
}
