/// An app of the space that cf targets.
public struct App: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// The platform's identifier of it.
    public let guid: String
}
