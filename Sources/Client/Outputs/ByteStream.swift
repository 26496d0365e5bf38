/// A stream of packets to whoever reads it as it comes: standard output, a FIFO, a program's input.
final class ByteStream: Output {
    let name: String
    let isRequired: Bool

    private let first: any ByteDestination
    private let lines: OutputLines
    private var reported: UInt64 = 0

    /// Creates a stream that holds the merge back if its reader is slow.
    init(to destination: any ByteDestination, lines: OutputLines = OutputLines()) {
        first = destination
        name = destination.name
        isRequired = true
        self.lines = lines
    }

    /// Creates a stream that leaves out what its reader is too slow for. It closes the pipe, of which `pipe` is the
    /// writing end.
    init(
        lossyTo pipe: FileDescriptor, name: String, capacity: Int = BoundedPipe.capacity,
        lines: OutputLines = OutputLines()
    ) {
        first = BoundedPipe(pipe: pipe, name: name, capacity: capacity)
        self.name = name
        isRequired = false
        self.lines = lines
    }

    func open() throws(OutputError) -> any ByteDestination { first }

    func didClose(packets _: UInt64, isLast _: Bool, failure: OutputError?) throws(OutputError) {
        if reported > 0 {
            lines.warn("\(name) was too slow for \(reported) packets, which were left out there and are in the file")
        }
        if let failure { throw failure }
    }

    func leftOut(_ packets: UInt64) {
        if reported == 0 { lines.warn("\(name) is too slow: packets are left out there, and stay in the file") }
        reported = packets
    }
}
