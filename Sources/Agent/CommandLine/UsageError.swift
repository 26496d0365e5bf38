/// An error in a command line.
public struct UsageError: Error, Equatable {
    /// The error and, if possible, a proposal, in words for the user.
    public let description: ByteString

    /// Creates an error with a description.
    init(_ description: ByteString) {
        self.description = description
    }
}
