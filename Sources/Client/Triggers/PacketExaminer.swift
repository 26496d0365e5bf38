/// Examines merged packets before the outputs get them: a filter that ends the capture, or a count of packets.
///
/// The merger owns one examiner at most and calls it on the queue on which it writes the outputs, so an examiner must
/// not wait for anything. It sees every packet once, in the merged order, which is the order of all outputs.
protocol PacketExaminer: Sendable {
    /// Adds a source before its first record: the link type of its packets and its name for messages.
    ///
    /// A capture point that is joined again is a new source.
    mutating func add(_ source: StreamID, _ stream: StreamDescription)

    /// Examines records that follow each other in one source, in the form of a ``RecordBatch``'s bytes: whole records,
    /// one at least.
    ///
    /// The outputs get the first ``Examination/length`` bytes of `records`. If these are not all of them, the merger calls
    /// this method again with the rest, unless the examination ends the capture.
    mutating func examine(_ records: UnsafeRawBufferPointer, of source: StreamID) -> Examination

    /// Returns whether the capture is over though no packet came that says so, as when a time after a match has passed.
    ///
    /// The merger calls it every ``Merger/interval``, after it has written what need not wait any longer.
    mutating func isOver(at now: ContinuousClock.Instant) -> Bool
}

extension PacketExaminer {
    mutating func isOver(at _: ContinuousClock.Instant) -> Bool { false }
}

/// The result of examining a run of records.
struct Examination: Equatable, Sendable {
    /// The number of bytes at the start of the run that the outputs get. They must be whole records. 0 is allowed only
    /// where ``isOver`` is true.
    var length: Int
    /// A comment for the last of these records, in formats that have comments (pcapng). The outputs tell in which file
    /// that record stands and its number there. If it is not nil, no file of a set is deleted from then on.
    var comment: String?
    /// Whether the capture is over: the outputs get nothing behind ``length``.
    var isOver = false
}
