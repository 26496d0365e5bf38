/// The client's version: what `--version` prints, `cf plugins` lists and a capture file names.
struct ClientVersion: Sendable, CustomStringConvertible {
    /// The version of these sources.
    static let current = ClientVersion(major: 0, minor: 1, build: 0)

    /// The three numbers, in the CLI's words.
    let major, minor, build: Int

    /// The version as `MAJOR.MINOR.BUILD`.
    var description: String { "\(major).\(minor).\(build)" }
}
