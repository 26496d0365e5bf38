/// The platform cannot be asked, or does not give what was asked for.
struct PlatformError: Error, Equatable, CustomStringConvertible {
    /// The kind of failure, for those who decide whether to go on.
    enum Kind: Sendable, Equatable {
        /// cf has no token that the platform takes. A new login ends this.
        case loggedOut
        /// The platform has nothing under the identifier that was asked for.
        case notFound
        /// The app does not exist any more.
        case deleted
        /// The platform, or the way to it, fails for now: another question may be answered.
        case passing
        /// Anything else.
        case other
    }

    /// The kind of failure.
    let kind: Kind
    /// The failure, its cause and the remedy, in one line.
    let description: String

    init(_ description: String, _ kind: Kind = .other) {
        self.kind = kind
        self.description = description
    }
}
