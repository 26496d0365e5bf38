/// Records of a batch between two places at which its time stamps step back.
struct BatchSegment {
    /// The memory in which the records stand.
    let storage: RecordStorage
    /// The place of the records in it.
    let range: Range<Int>
    let count: Int
    let arrival: ContinuousClock.Instant
    /// The time stamp of the first record.
    let first: UInt64
    /// The latest time stamp.
    let latest: UInt64
    /// The memory that becomes free with this segment, in bytes: the batch's, with its last one.
    let bufferedBytes: Int
    /// Whether the records need not wait any longer, whenever they came.
    var hasWaited = false
    /// The time stamp by which the records are merged at the latest, whatever theirs are.
    var ceiling = UInt64.max

    /// The records' bytes, as long as ``storage`` lives.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: storage.bytes[range]) }
}

extension RecordBatch {
    /// The most segments of a batch. The rest of one that steps back more often is merged as it stands.
    private static let mostSegments = 64

    /// The batch in segments: one, unless its time stamps step back.
    func segments(at arrival: ContinuousClock.Instant) -> [BatchSegment] {
        if !stepsBack {
            let first = unsafe RecordHeader(bytes, at: 0).time
            return [
                BatchSegment(
                    storage: storage, range: 0..<length, count: count, arrival: arrival, first: first, latest: latest,
                    bufferedBytes: bufferedBytes)
            ]
        }
        var segments: [BatchSegment] = []
        var (start, offset, count, first, latest) = (0, 0, 0, UInt64(0), UInt64(0))
        func segment(bufferedBytes: Int) -> BatchSegment {
            BatchSegment(
                storage: storage, range: start..<offset, count: count, arrival: arrival, first: first, latest: latest,
                bufferedBytes: bufferedBytes)
        }
        while offset < length {
            let header = unsafe RecordHeader(bytes, at: offset)
            if count > 0, header.time + Self.stepBack < latest, segments.count + 1 < Self.mostSegments {
                segments.append(segment(bufferedBytes: 0))
                (start, count, latest) = (offset, 0, 0)
            }
            if count == 0 { first = header.time }
            count += 1
            latest = max(latest, header.time)
            offset += header.recordLength
        }
        segments.append(segment(bufferedBytes: bufferedBytes))
        return segments
    }
}
