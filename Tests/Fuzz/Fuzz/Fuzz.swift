import CLibFuzzer
import Glibc

/// Runs libFuzzer on one of the agent's parsers, or lists them.
///
/// Usage: `fuzz [--target=NAME [LIBFUZZER OPTIONS] [CORPUS]...]`.
@main
enum Fuzz {
    /// A function that tests a parser with any bytes. It ends the process if a condition is false.
    typealias Target = @Sendable ([UInt8]) -> Void

    private static let targets: [(name: String, run: Target)] = [
        ("sockets", fuzzSockets), ("stat", fuzzStat), ("ports", fuzzPorts), ("connection", fuzzConnection),
        ("arguments", fuzzArguments), ("log", fuzzLog), ("maps", fuzzMaps), ("reply", fuzzReply),
        ("parentheses", fuzzParentheses),
    ]

    private nonisolated(unsafe) static var target: Target = { _ in }

    static func main() {
        let option = "--target="
        let name = CommandLine.arguments.last { $0.hasPrefix(option) }?.dropFirst(option.count)
        guard let name else {
            print(targets.map { $0.name }.joined(separator: "\n"))
            return
        }
        guard let chosen = targets.first(where: { $0.name == name }) else { fatalError("there is no target \(name)") }
        unsafe target = chosen.run
        var count = CommandLine.argc
        var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        // libFuzzer ignores options with two dashes, and passes them to the processes that it starts.
        exit(
            unsafe LLVMFuzzerRunDriver(&count, &values) { bytes, count in
                unsafe Fuzz.target([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            })
    }
}

/// Ends the process if a condition is false, which libFuzzer reports as a failure.
func require(_ condition: Bool, _ message: StaticString) {
    if !condition { fatalError("\(message)") }
}
