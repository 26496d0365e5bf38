/// The API, organization and space that cf works with, as `cf target` sets them.
struct Target: Sendable, Equatable {
    /// The platform's API; empty if none is set.
    let api: String
    /// The organization's name; empty if none is targeted.
    let organization: String
    /// The space's name; empty if none is targeted.
    let space: String
    /// The space's identifier; empty if none is targeted.
    let spaceGUID: String
}

extension Target: CustomStringConvertible {
    /// `org ORG / space SPACE`.
    var description: String { "org \(organization) / space \(space)" }
}
