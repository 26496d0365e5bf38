/// The way from this machine to the platform's SSH proxy, for messages about sessions that do not begin.
struct SSHRoute: Sendable, Equatable {
    /// The proxy's address and port, as the platform names them; nil if that is not known.
    var endpoint: String?
    /// Whether a variable leads `cf ssh` through a SOCKS proxy.
    let hasProxy: Bool
    /// The variable that leads other programs, and other commands of cf, through a proxy; nil if none is set.
    let ignoredVariable: String?

    /// Reads the variables that `cf ssh` and others heed.
    init(environment: [String: String], endpoint: String? = nil) {
        func isSet(_ name: String) -> Bool { environment[name]?.isEmpty == false }
        self.endpoint = endpoint
        hasProxy = isSet("ALL_PROXY") || isSet("all_proxy")
        ignoredVariable = ["https_proxy", "HTTPS_PROXY"].first { isSet($0) }
    }

    /// The remedy for a port that does not answer.
    var remedy: String {
        if hasProxy { return "does the proxy that ALL_PROXY names let it through?" }
        let ignored = ignoredVariable.map { "; \($0) is set, but cf ssh ignores it" } ?? ""
        return "firewalls often block it, ALL_PROXY=socks5://HOST:PORT leads cf ssh around them\(ignored)"
    }
}
