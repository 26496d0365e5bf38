/// Interfaces as people list them: `lo`, or `lo,eth0`.
struct InterfaceList: Sendable, Equatable {
    /// The names in the order of the list.
    let names: [String]

    /// Reads a list. Throws UsageError with what to write instead.
    init(_ text: String) throws(UsageError) {
        names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty }) else { throw UsageError("write eth0, lo, any, or lo,eth0") }
    }

    /// The captures that an instance takes at once, see the agent's slots.
    static let mostAtOnce = 4
}

extension CaptureOptions {
    /// The interfaces in the container, each of them once.
    var interfaces: [String] {
        let names = interfaceLists.flatMap(\.names)
        return names.isEmpty ? ["eth0"] : names.enumerated().filter { names.firstIndex(of: $1) == $0 }.map(\.element)
    }

    /// Throws where interfaces do not go together, or are too many for an instance.
    func checkInterfaces() throws(UsageError) {
        guard interfaces.count == 1 || !interfaces.contains("any") else {
            throw UsageError("--interface any has the packets of all interfaces, leave out the others")
        }
        guard interfaces.count <= InterfaceList.mostAtOnce else {
            throw UsageError(
                "\(interfaces.count) interfaces take as many captures, and an instance has \(InterfaceList.mostAtOnce) "
                    + "at once: name fewer, or any")
        }
    }
}
