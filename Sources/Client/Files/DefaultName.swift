/// The name of an output that `--output` does not name: `capture.pcap`, or `capture-1.pcap` and so on if that is taken.
enum DefaultName {
    /// Opens the output with the first name that is free. `open` throws ``OutputError/exists(_:)`` or
    /// ``OutputError/setExists(_:)`` for a name that is taken. Throws that for `capture-9999`, the last one, and whatever
    /// else `open` throws.
    static func firstFree<Value>(
        _ format: OutputFormat, _ open: (String) throws(OutputError) -> Value
    ) throws(OutputError) -> Value {
        var number = 0
        while true {
            do {
                return try open("capture\(number == 0 ? "" : "-\(number)").\(format)")
            } catch {
                switch error {
                case .exists, .setExists: guard number < 9999 else { throw error }
                default: throw error
                }
                number += 1
            }
        }
    }
}
