#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The contents of cf's `config.json`.
struct CFConfiguration: Equatable, Sendable {
    private var values: [String: JSONValue]

    /// Reads a file's contents. No bytes at all are the configuration of somebody who never logged in. Throws if they are
    /// no JSON object.
    init(_ bytes: [UInt8]) throws(PlatformError) {
        guard !bytes.isEmpty else {
            values = [:]
            return
        }
        guard let decoded = try? JSONDecoder().decode([String: JSONValue].self, from: Data(bytes)) else {
            throw PlatformError("cf's configuration cannot be read; 'cf login' writes it anew")
        }
        values = decoded
    }

    /// The API, organization and space.
    var target: Target {
        Target(
            api: text("Target"), organization: name(of: "OrganizationFields"), space: name(of: "SpaceFields"),
            spaceGUID: field("GUID", of: "SpaceFields"))
    }

    /// The tokens, empty if nobody is logged in.
    var tokens: Tokens { Tokens(access: text("AccessToken"), refresh: text("RefreshToken")) }

    /// Returns what makes a login anew, with the quotes in which messages name commands.
    var remedy: String {
        text("UAAGrantType") == "client_credentials"
            ? "'cf auth CLIENT_ID CLIENT_SECRET --client-credentials'" : "'cf login'"
    }

    /// Returns this configuration with the login of another one. The API, organization and space stay.
    func with(loginOf other: CFConfiguration) -> CFConfiguration {
        var copy = self
        for name in Self.loginFields { copy.values[name] = other.values[name] }
        return copy
    }

    /// The configuration as JSON, without the refresh token: the contents of a copy in a ``PrivateHome``.
    ///
    /// If refresh tokens rotate, a copy that renewed its tokens would use up the person's own.
    var jsonWithoutRefreshToken: [UInt8] {
        var copy = values
        copy["RefreshToken"] = .text("")
        return (try? JSONEncoder().encode(copy)).map { [UInt8]($0) } ?? []
    }

    private static let loginFields = [
        "AccessToken", "RefreshToken", "UAAGrantType", "UAAOAuthClient", "UAAOAuthClientSecret",
    ]

    private func text(_ name: String) -> String {
        if case .text(let text)? = values[name] { text } else { "" }
    }

    private func name(of object: String) -> String { field("Name", of: object) }

    private func field(_ name: String, of object: String) -> String {
        guard case .object(let fields)? = values[object], case .text(let text)? = fields[name] else { return "" }
        return text
    }
}
