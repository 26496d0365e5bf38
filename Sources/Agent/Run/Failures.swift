/// A capture that cannot begin, in words for the person who asked for it.
public struct SetupFailure: Error, Equatable {
    public let description: ByteString

    public init(_ description: ByteString) {
        self.description = description
    }
}

/// A capture that cannot go on.
public struct CaptureFailure: Error, Equatable {
    public let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}
