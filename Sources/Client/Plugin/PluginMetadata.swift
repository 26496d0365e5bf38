/// The description of a plugin that the CLI keeps: `cf plugins`, `cf help` and `cf help pcap` show it.
struct PluginMetadata {
    var name: String
    var version: ClientVersion
    var helpText: String
    var usage: String
    /// In alphabetical order, by the names that `cf help` shows behind two hyphens, or one if they have one letter.
    var options: [(String, String)]

    /// This client's metadata. The options stand in the usage, in their groups: the CLI sorts those that it knows.
    static let client = PluginMetadata(
        name: "pcap", version: .current, helpText: HelpText.summary, usage: HelpText.usage, options: [])
}

extension PluginMetadata {
    /// The call `CliRpcCmd.SetPluginMetadata` of Go's net/rpc: the request, the definitions of the types, the argument.
    var call: [UInt8] {
        let request = Gob.message(type: 64, [.text("CliRpcCmd.SetPluginMetadata"), .integer(0)])
        return Self.requestDefinition + request + Self.definitions.flatMap { $0 } + Gob.message(type: 65, fields)
    }

    private var fields: [Gob.Field] {
        let command: [Gob.Field] = [
            .text(name), .text(""), .text(helpText), .structure([.text(usage), .texts(options)]),
        ]
        let numbers: [Gob.Field] = [.integer(version.major), .integer(version.minor), .integer(version.build)]
        return [.text(name), .structure(numbers), .structure([]), .structure([]), .structures([command])]
    }

    private static let requestDefinition = Gob.definition(
        64, "Request", .structure([("ServiceMethod", Gob.Builtin.string), ("Seq", Gob.Builtin.unsigned)]))

    private static let definitions = [
        Gob.definition(
            65, "PluginMetadata",
            .structure([
                ("Name", Gob.Builtin.string), ("Version", 66), ("LibraryVersion", 66), ("MinCliVersion", 66),
                ("Commands", 70),
            ])),
        Gob.definition(
            66, "VersionType",
            .structure([
                ("Major", Gob.Builtin.integer), ("Minor", Gob.Builtin.integer), ("Build", Gob.Builtin.integer),
            ])),
        Gob.definition(70, "[]main.Command", .slice(of: 67)),
        Gob.definition(
            67, "Command",
            .structure([
                ("Name", Gob.Builtin.string), ("Alias", Gob.Builtin.string), ("HelpText", Gob.Builtin.string),
                ("UsageDetails", 68),
            ])),
        Gob.definition(68, "Usage", .structure([("Usage", Gob.Builtin.string), ("Options", 69)])),
        Gob.definition(69, "map[string]string", .map(Gob.Builtin.string, Gob.Builtin.string)),
    ]
}
