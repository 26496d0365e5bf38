/// The explanation of a capture to which no packet comes: what the filter names, why that may not pass the interface, and
/// what to type instead.
struct EmptyCapture {
    /// The time without a packet after which a capture is explained.
    static let delay = Duration.seconds(10)

    let options: CaptureOptions

    /// The explanation in one line.
    var explanation: String {
        (["No packet has come for \(Self.delay.components.seconds) seconds."] + reasons).joined(separator: " ")
    }

    private var reasons: [String] {
        guard let filter = options.captureFilter else { return [unfiltered] }
        let words = FilterWords(filter)
        var reasons: [String] = []
        if let port = words.ports.first { reasons.append(reason(ofPort: port)) }
        if let name = words.names.first { reasons.append(reason(ofName: name)) }
        return reasons.isEmpty ? ["Nothing matches the filter '\(filter)': leave it out to see what passes."] : reasons
    }

    private var unfiltered: String {
        switch options.interfaces {
        case ["eth0"]:
            "Nothing passes eth0 but the SSH session, which is left out: requests in plain text pass --interface lo."
        case ["lo"]:
            "Nothing passes lo but the SSH session, which is left out: calls to services pass --interface eth0."
        default: "Nothing passes \(options.interfaces.joined(separator: ", ")) but the SSH session, which is left out."
        }
    }

    private func reason(ofPort port: String) -> String {
        switch options.interfaces {
        case ["eth0"]:
            "The filter names port \(port): behind the platform's proxy requests come to eth0 on another port, and to the "
                + "app's own port on lo: --interface lo."
        case ["lo"]:
            "The filter names port \(port): only requests to the app pass lo, its calls to services pass --interface eth0."
        default: "The filter names port \(port), which nothing uses now."
        }
    }

    private func reason(ofName name: String) -> String {
        "The filter names \(name): each instance looked it up when the capture began, and an app's own route never matches; "
            + "cf ssh \(options.app.quotedForShell)\(choice) -c 'getent ahosts \(name)' shows the addresses."
    }

    /// The options of `cf ssh` that choose an instance which is captured; empty if its defaults do.
    private var choice: String {
        let index = options.indices?.first.map { " -i \($0.lowerBound)" } ?? ""
        guard case .named(let process) = options.processes, process != "web" else { return index }
        return index + " --process \(process.quotedForShell)"
    }
}

/// The ports and host names in an expression of pcap-filter(7), as far as its words tell.
struct FilterWords {
    private(set) var ports: [String] = []
    private(set) var names: [String] = []

    init(_ filter: String) {
        let words = filter.split { $0.isWhitespace || "()!".contains($0) }.map(String.init)
        for (word, next) in zip(words, words.dropFirst()) {
            switch word {
            case "port", "portrange": ports.append(next)
            case "host" where HostFilter.isName(next): names.append(next)
            default: break
            }
        }
    }
}
