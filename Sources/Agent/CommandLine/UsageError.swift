/// A command line that cannot be carried out.
public struct UsageError: Error, Equatable {
    /// The reason and, if known, what was meant, in words for the person who wrote the command line.
    public let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}
