/// The client's version: what `--version` prints, `cf plugins` lists and a capture file names.
public struct ClientVersion: Sendable, CustomStringConvertible {
    /// The version of these sources.
    public static let current = ClientVersion(major: 0, minor: 1, build: 0)

    /// The three numbers, in the CLI's words.
    public let major, minor, build: Int

    /// The version as `MAJOR.MINOR.BUILD`.
    public var description: String { "\(major).\(minor).\(build)" }
}
