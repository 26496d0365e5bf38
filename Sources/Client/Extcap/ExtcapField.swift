/// A field of Wireshark's dialog for the interface, which stands for an option of the command line.
struct ExtcapField {
    /// The option, of Wireshark's arguments and of this program's own.
    let option: String
    /// The label.
    let label: String
    /// The explanation that a person sees at the field.
    let explanation: String
    /// The type of the field: a text, or a list. Wireshark 4.0 has no list that takes other values as well.
    var type = "string"
    /// The values in the list.
    var choices: [String] = []
    /// The value at first; empty for none.
    var initial = ""
    /// The type and the button of a field whose list comes from the platform.
    var attributes = ""

    static let app = ExtcapField(
        option: "--app", label: "App", explanation: "The name of an app in the space that cf targets",
        type: "selector", attributes: "{required=true}{reload=true}{placeholder=Load the apps of the space}")
    static let filter = ExtcapField(
        option: "--filter", label: "Filter", explanation: "Evaluated in the instances, as 'tcp port 8080'")

    /// The fields, in the order of the dialog.
    static let all = [
        app,
        ExtcapField(
            option: "--process", label: "Process type", explanation: "'all' for every one", initial: "web"),
        ExtcapField(
            option: "--app-instance-index", label: "Instances", explanation: "As 1 or 0,2-4; empty for all"),
        ExtcapField(
            option: "--interface", label: "Interface", explanation: "lo has requests in plain text",
            type: "selector", choices: ["eth0", "lo", "any"], initial: "eth0"),
        filter,
    ]
}
