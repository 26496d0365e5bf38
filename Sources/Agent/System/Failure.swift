/// Why there is no capture, or no more of it, in words for the person who asked for it.
public struct Failure: Error, Equatable {
    /// What failed, why, and the remedy where there is one.
    public let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}
