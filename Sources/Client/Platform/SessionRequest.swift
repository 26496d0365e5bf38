/// The session that was asked for, as messages about its failure name it.
struct SessionRequest: Sendable {
    /// The app's name.
    let app: String
    let instance: InstanceID
    /// The options that the filter is made of, as a person writes them; empty if there is no filter.
    var filterOptions: [String] = []
    /// The host names that `--host` gives.
    var hostNames: [String] = []
    let route: SSHRoute

    /// The command that opens a session of the same kind by hand.
    var command: String { instance.sshCommand(app: app) }

    /// Returns the remedy for a filter that the agent refuses, as far as the refusal does not name it.
    func remedy(forRefusedFilter error: String) -> String? {
        if let name = hostNames.first(where: { error.contains("'\($0)'") }) {
            return "the instance cannot look up the name behind --host, write an address in place of \(name)"
        }
        guard !filterOptions.isEmpty, filterOptions != ["--filter"] else {
            return error.contains("pcap-filter(7)") ? nil : "see pcap-filter(7) for --filter"
        }
        return "\(filterOptions.joined(separator: " and ")) make this filter"
    }
}

extension InstanceID {
    /// The command of cf that opens a session to this instance.
    func sshCommand(app: String) -> String {
        "cf ssh \(app) -i \(index) --process \(process)"
    }
}

extension CaptureOptions {
    /// Returns the session to an instance that these options ask for.
    func request(to instance: InstanceID, of app: App, _ route: SSHRoute) -> SessionRequest {
        SessionRequest(
            app: app.name, instance: instance, filterOptions: filterOptions, hostNames: simpleFilter.names, route: route
        )
    }
}
