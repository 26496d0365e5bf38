/// The filter of `--until`: an expression of pcap-filter(7), compiled for every link type that an agent's packets can have.
struct UntilFilter: Sendable {
    /// The expression as it was written.
    let expression: String
    /// The bytes at the start of a packet that the filter may look at, for the link type of the interface.
    let inspectedLength: Int
    private let programs: [UInt16: Result<PacketFilter, PacketFilterError>]

    /// Compiles an expression. Blocks while this machine resolves names in it.
    ///
    /// Throws UsageError with libpcap's words if the expression does not compile for `linkType`, the link type of the
    /// interface that is captured.
    init(_ expression: String, for linkType: UInt16) throws(UsageError) {
        self.expression = expression
        do {
            inspectedLength = try PacketFilter(expression, linkType: linkType).inspectedLength
        } catch {
            throw UsageError("--until '\(expression)': \(error)")
        }
        var programs: [UInt16: Result<PacketFilter, PacketFilterError>] = [:]
        for linkType in LinkType.names.keys {
            programs[linkType] = Result { () throws(PacketFilterError) in
                try PacketFilter(expression, linkType: linkType)
            }
        }
        self.programs = programs
    }

    /// Returns the program for the packets of a link type. Throws PacketFilterError with libpcap's words if the link type
    /// does not have what the expression asks for.
    func program(for linkType: UInt16) throws(PacketFilterError) -> PacketFilter {
        guard let program = programs[linkType] else {
            throw PacketFilterError(description: "the link type \(linkType) is not known")
        }
        return try program.get()
    }
}
