/// A command line that cannot be carried out.
public struct UsageError: Error, Equatable, CustomStringConvertible {
    /// The fault and the text to write instead, in one line without a period at its end.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
