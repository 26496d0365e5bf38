/// The platform cannot be asked, or does not give what was asked for.
public struct PlatformError: Error, Equatable, CustomStringConvertible {
    /// What failed, why, and what to do, in one line.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
