/// Most of the merge's work: one record of each of several streams after the other.
extension CaptureFile {
    /// Takes the runs at the start that the buffer has room for. Returns their number. The next one is to be given to
    /// ``write(_:of:)``: the buffer is full, or there is something to do or to tell first.
    mutating func writeWhole(_ runs: ArraySlice<RecordRun>) -> Int {
        switch encoder {
        case .pcap(let encoder):
            unsafe writeWhole(runs) { records, _, room in unsafe encoder.encode(records, into: room) }
        case .pcapng(let encoder): unsafe writeWhole(runs) { unsafe encoder.encode($0, interface: $1, into: $2) }
        }
    }

    @inline(__always)
    private mutating func writeWhole(
        _ runs: ArraySlice<RecordRun>,
        _ encode: (UnsafeRawBufferPointer, Int, UnsafeMutableRawBufferPointer) -> EncodedRecords
    ) -> Int {
        var (taken, length) = (0, 0)
        let room = unsafe buffer.room
        for run in runs {
            guard let index = interfaces.accepted(run.stream) else { break }
            let done = unsafe encode(run.records, index, UnsafeMutableRawBufferPointer(rebasing: room[length...]))
            guard unsafe done.read == run.records.count, !done.hasCutTime else { break }
            length += done.written
            count(done.records, of: index)
            taken += 1
        }
        buffer.add(length)
        return taken
    }
}
