/// An app of the space that cf targets.
struct App: Sendable, Equatable {
    /// Its name.
    let name: String
    /// The platform's identifier of it.
    let guid: String
}
