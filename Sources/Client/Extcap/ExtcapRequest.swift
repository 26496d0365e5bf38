/// A request of Wireshark to a capture program of its own list (extcap).
///
/// Wireshark's Developer's Guide, "Extcap: Developing External Capture Interfaces", has the arguments.
public enum ExtcapRequest: Equatable, Sendable {
    /// The interfaces of this program.
    case interfaces
    /// The link types of an interface.
    case linkTypes
    /// The fields of the dialog in which a person chooses what to capture.
    case configuration
    /// The values of one field, asked for by its button.
    case reload(field: String)
    /// A capture into a FIFO, described by the fields of the dialog.
    case capture(fifo: String, fields: [String: String])

    /// The name of the one interface, as the command line of Wireshark and tshark takes it.
    static let interface = "cf-pcap"

    /// Returns nil if the arguments are not those of Wireshark. Throws if they name another interface, or no FIFO.
    public init?(_ arguments: [String]) throws(UsageError) {
        guard arguments.contains(where: { $0.hasPrefix("--extcap-") }) else { return nil }
        let values = Self.values(of: arguments)
        if let other = values["--extcap-interface"], other != Self.interface {
            throw UsageError("there is no extcap interface '\(other)', the name is \(Self.interface)")
        }
        if arguments.contains("--capture") {
            guard let fifo = values["--fifo"] else { throw UsageError("--capture needs --fifo PATH") }
            self = .capture(fifo: fifo, fields: values)
        } else if let field = values["--extcap-reload-option"] {
            self = .reload(field: field)
        } else if arguments.contains("--extcap-config") {
            self = .configuration
        } else if arguments.contains("--extcap-dlts") {
            self = .linkTypes
        } else {
            self = .interfaces
        }
    }

    /// Returns the values behind the names that are known. Wireshark passes others, too, by its version.
    private static func values(of arguments: [String]) -> [String: String] {
        let known =
            ExtcapField.all.map(\.option) + [
                "--extcap-interface", "--extcap-reload-option", "--extcap-capture-filter", "--fifo",
            ]
        var values: [String: String] = [:]
        var index = 0
        while index < arguments.count {
            defer { index += 1 }
            guard known.contains(arguments[index]), index + 1 < arguments.count else { continue }
            values[arguments[index]] = arguments[index + 1]
            index += 1
        }
        return values
    }

    /// Returns the arguments of this program's own command line for a capture, which checks them. A field that is empty has
    /// its default. Throws if no app is chosen.
    public static func arguments(
        of values: [String: String], fifo: String
    ) throws(UsageError) -> [String] {
        guard let app = values[ExtcapField.app.option], !app.isEmpty else {
            throw UsageError("no app is chosen: open the options of the interface 'cf pcap', the wheel beside it")
        }
        var words: [String] = []
        for field in ExtcapField.all where field.option != ExtcapField.app.option {
            guard let value = values[field.option], !value.isEmpty, field.option != ExtcapField.filter.option else {
                continue
            }
            words += ["\(field.option)=\(value)"]
        }
        let filters = [values["--extcap-capture-filter"], values[ExtcapField.filter.option]]
            .compactMap { $0 }.filter { !$0.isEmpty }
        switch filters.count {
        case 0: break
        case 1: words += ["\(ExtcapField.filter.option)=\(filters[0])"]
        default: words += ["\(ExtcapField.filter.option)=(\(filters[0])) and (\(filters[1]))"]
        }
        return words + ["--output=\(fifo)", "--format=pcapng", "--quiet", "--", app]
    }
}
