/// The files of a capture. A set of one file is the usual output.
final class FileSet: Output {
    let name: String
    let isRequired = true

    private let first: Destination

    /// Creates a set of one file.
    init(of file: Destination) {
        first = file
        name = file.name
    }

    func open() throws(OutputError) -> any ByteDestination { first }

    func didClose(packets _: UInt64, failure: OutputError?) throws(OutputError) {
        if let failure { throw failure }
    }
}
