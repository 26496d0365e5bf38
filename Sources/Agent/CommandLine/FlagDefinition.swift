/// A flag that sets an option: its name, its lines in the usage, and its effect.
///
/// The parser, the usage and the hints for misspelt flags all read ``all``. A new flag needs an entry there and a
/// property of ``Options``.
struct FlagDefinition {
    /// The name without dashes.
    let name: ByteString
    /// The usage's word for the flag's value; empty for a switch.
    let placeholder: ByteString
    /// Whether a capture needs the flag.
    var isRequired = false
    /// The usage's lines about the flag.
    let help: StaticString
    /// The effect on the options.
    let effect: Effect

    /// The effect of a flag on the options.
    enum Effect {
        /// Sets an option to the flag's value. Throws if the value is malformed.
        case value((ByteString, inout Options) throws(UsageError) -> Void)
        /// Switches an option on or off.
        case toggle((Bool, inout Options) -> Void)
    }

    /// The flags that set options, in the order of the usage.
    static var all: [FlagDefinition] {
        [
            FlagDefinition(
                name: "interface", placeholder: "NAME", isRequired: true,
                help: """
                    lo (plain text, between the platform's proxy and the app), eth0 (what enters and leaves the
                    container), any other interface of the container, or any for all of them
                    """,
                effect: .value { value, options in options.interface = value }),
            FlagDefinition(
                name: "filter", placeholder: "EXPRESSION",
                help: "which packets: 'tcp port 8080', 'host db.example.com and not icmp'; see pcap-filter(7)",
                effect: .value { value, options in options.filter = value }),
            FlagDefinition(
                name: "snaplen", placeholder: "BYTES",
                help: "how much of each packet is kept, 1 to 262144; 0 for the default, 65535",
                effect: .value { (value, options) throws(UsageError) in
                    guard let number = value.bytes.decimal(upTo: .max) else { throw Options.invalidSnaplen(value) }
                    options.givenSnaplen = number == 0 ? UInt64(Options.defaultSnaplen) : number
                }),
            FlagDefinition(
                name: "v", placeholder: "",
                help: "say what is found and decided, and every 5 seconds what was captured",
                effect: .toggle { isOn, options in options.isVerbose = isOn }),
        ]
    }
}
