/// The result of encoding records into a buffer.
struct EncodedRecords {
    /// The bytes of whole records that were read.
    let read: Int
    /// The bytes that were written.
    let written: Int
    /// The number of records.
    let records: Int
    /// Whether a time stamp was later than the format can say.
    var hasCutTime = false
}
