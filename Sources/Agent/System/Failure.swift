/// The reason why a capture cannot begin or continue.
public struct Failure: Error, Equatable {
    /// The failed action, its cause and, if known, a remedy, in words for the user.
    public let description: ByteString

    /// Creates a failure with a description.
    init(_ description: ByteString) {
        self.description = description
    }
}
