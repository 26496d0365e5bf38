/// The answers to Wireshark's questions: a sentence a line.
enum ExtcapAnswer {
    /// The interface, and where its help is.
    static let interfaces = """
        extcap {version=\(ClientVersion.current)}{help=https://github.com/cloudfoundry/cf-pcap}
        interface {value=\(ExtcapRequest.interface)}{display=cf pcap: the instances of a Cloud Foundry app}

        """

    /// The link type for the filter's dialog. The file names the one of each instance.
    static let linkTypes = "dlt {number=1}{name=EN10MB}{display=Ethernet, or what the interface has}\n"

    /// The fields of the dialog.
    static let configuration = ExtcapField.all.enumerated().map(lines).joined()

    private static func lines(_ number: Int, _ field: ExtcapField) -> String {
        let initial = field.initial.isEmpty ? "" : "{default=\(field.initial)}"
        let sentence =
            "arg {number=\(number)}{call=\(field.option)}{display=\(field.label)}{tooltip=\(field.explanation)}"
            + "{type=\(field.type)}\(initial)\(field.attributes)\n"
        return sentence + values(field.choices, of: number, initial: field.initial)
    }

    private static func values(_ choices: [String], of number: Int, initial: String) -> String {
        choices.map { choice in
            "value {arg=\(number)}{value=\(choice)}{display=\(choice)}{default=\(choice == initial)}\n"
        }.joined()
    }

    /// The values of a field that its button asks for: the apps. Leaves out names that a sentence cannot hold, which a
    /// person can still type.
    static func apps(_ names: [String]) -> String {
        let plain = names.filter { name in
            name.printable == name && !name.contains { $0 == "{" || $0 == "}" }
        }
        return values(plain, of: 0, initial: "")
    }
}
