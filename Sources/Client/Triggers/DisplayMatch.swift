internal import Synchronization

/// The first packet that the display filter of `--until-display` selects. tshark finds it a while after it was written.
final class DisplayMatch: Sendable {
    /// The packet.
    struct Packet: Equatable, Sendable {
        let match: PacketTrigger.Match
        /// The packet's number in the merged order, from 1; nil if tshark was too slow for some packets before it.
        let number: UInt64?
    }

    private enum State {
        case awaited
        case found(Packet)
        case taken
    }

    private let state = Mutex(State.awaited)
    private let report: @Sendable (PacketTrigger.Match) -> Void

    /// Creates a match that is awaited. Calls `report` with it once.
    init(report: @escaping @Sendable (PacketTrigger.Match) -> Void) {
        self.report = report
    }

    /// Records a packet that the filter selects. The first one counts.
    func find(_ packet: Packet) {
        let isFirst = state.withLock { state in
            guard case .awaited = state else { return false }
            state = .found(packet)
            return true
        }
        if isFirst { report(packet.match) }
    }

    /// Returns the packet once, after it was found.
    func take() -> Packet? {
        state.withLock { state in
            guard case .found(let packet) = state else { return nil }
            state = .taken
            return packet
        }
    }
}
