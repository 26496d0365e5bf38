/// The API, organization and space that cf works with, as `cf target` sets them.
public struct Target: Sendable, Equatable {
    /// The platform's API; empty if none is set.
    public let api: String
    /// The organization's name; empty if none is targeted.
    public let organization: String
    /// The space's name; empty if none is targeted.
    public let space: String
    /// The space's identifier; empty if none is targeted.
    let spaceGUID: String
}

extension Target: CustomStringConvertible {
    /// `org ORG / space SPACE`.
    public var description: String { "org \(organization) / space \(space)" }
}
