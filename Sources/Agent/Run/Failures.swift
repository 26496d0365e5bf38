/// A capture that cannot begin, in words for the person who asked for it.
public struct SetupFailure: Error, Equatable {
    /// What failed, why, and the remedy where there is one.
    public let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}

/// A capture that cannot go on.
struct CaptureFailure: Error, Equatable {
    /// What failed, and why.
    let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}
