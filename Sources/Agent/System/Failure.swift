/// The reason why a capture cannot begin or go on, in words for the person who asked for it.
public struct Failure: Error, Equatable {
    /// The action that failed, the cause, and the remedy if there is one.
    public let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}
