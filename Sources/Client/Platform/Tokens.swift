#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The tokens of a login, as `cf login` and `cf auth` save them.
struct Tokens: Equatable, Sendable {
    /// `bearer` and a JSON Web Token (RFC 7519); empty if nobody is logged in.
    var access: String
    /// Renews the access token. On some platforms each serves once and brings the next one.
    var refresh: String

    /// The end of the access token in seconds since 1970, as its claim `exp` says; nil if it says none.
    var expiry: Double? {
        let parts = access.split(separator: " ").last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, let payload = Self.decodeBase64URL(parts[1]) else { return nil }
        return try? JSONDecoder().decode(Claims.self, from: payload).exp
    }

    /// Returns whether cf would renew the access token before it uses it.
    ///
    /// cf does so 60 seconds before its end. Ten more are for what cf asks the platform before a session begins.
    func endSoon(at now: Date) -> Bool {
        guard let expiry else { return false }
        return expiry - now.timeIntervalSince1970 < 70
    }

    private struct Claims: Decodable {
        var exp: Double
    }

    private static func decodeBase64URL(_ text: Substring) -> Data? {
        let standard = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        return Data(base64Encoded: String(standard) + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
}
