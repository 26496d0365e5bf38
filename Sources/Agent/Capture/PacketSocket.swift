import CLinux

/// The packet socket of a capture (packet(7)). libpcap closes its descriptor.
struct PacketSocket {
    let descriptor: Int32

    /// The protocol number for a socket that receives nothing yet, for pcap_set_protocol_linux(3PCAP). bind(2) gets the
    /// low 16 bits, which are 0.
    static let noProtocol: Int32 = 0x10000

    /// Receives packets of all protocols from now on.
    ///
    /// - Parameter interface: The index of the interface; 0 for all interfaces.
    /// - Throws: The error, such as ENETDOWN if the interface is down.
    ///
    /// The corresponding C function is `bind`.
    func receive(from interface: Int32) throws(SystemError) {
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
        address.sll_ifindex = interface
        let size = socklen_t(MemoryLayout<sockaddr_ll>.size)
        let status = unsafe withUnsafeMutableBytes(of: &address) { address in
            // bind(2) reads as much of the address as the size says.
            let general = unsafe address.assumingMemoryBound(to: sockaddr.self).baseAddress
            return unsafe bind(descriptor, __CONST_SOCKADDR_ARG(__sockaddr__: general), size)
        }
        guard status == 0 else { throw .last }
        let error = try pendingError()
        guard error.number == 0 else { throw error }
    }

    /// Ignores packets that the interface sends. Has no effect before Linux 4.20.
    func ignoreSentPackets() {
        _ = setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING)
    }

    /// Locks the attached program, so that neither this process nor another can replace it (socket(7), SO_LOCK_FILTER).
    ///
    /// - Throws: The error of the failed call.
    func lockProgram() throws(SystemError) {
        guard setOption(SOL_SOCKET, SO_LOCK_FILTER) else { throw .last }
    }

    /// The attached program, or nil if there is none.
    var attachedProgram: BPFProgram? { BPFProgram(attachedTo: descriptor) }

    /// Detaches the program, if there is one.
    func detachProgram() {
        _ = setOption(SOL_SOCKET, SO_DETACH_FILTER)
    }

    /// Sets an option of the socket to 1. Returns whether the kernel has set it.
    ///
    /// The corresponding C function is `setsockopt`.
    private func setOption(_ level: Int32, _ name: Int32) -> Bool {
        var on: Int32 = 1
        return unsafe setsockopt(descriptor, level, name, &on, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// Returns the pending error of the socket and clears it. The number is 0 if there is none.
    ///
    /// The corresponding C function is `getsockopt` with SO_ERROR.
    private func pendingError() throws(SystemError) -> SystemError {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 else { throw .last }
        return SystemError(number: error)
    }
}
