internal import Synchronization

/// The first packet that the display filter of `--until-display` selects. tshark finds it a while after it was written.
final class DisplayMatch: Sendable {
    private enum State {
        case awaited
        case found(PacketTrigger.Match)
        case taken
    }

    private let state = Mutex(State.awaited)
    private let report: @Sendable (PacketTrigger.Match) -> Void

    /// Creates a match that is awaited. Calls `report` with it once.
    init(report: @escaping @Sendable (PacketTrigger.Match) -> Void) {
        self.report = report
    }

    /// Records a packet that the filter selects. The first one counts.
    func find(_ packet: PacketTrigger.Match) {
        let isFirst = state.withLock { state in
            guard case .awaited = state else { return false }
            state = .found(packet)
            return true
        }
        if isFirst { report(packet) }
    }

    /// Returns the packet once, after it was found.
    func take() -> PacketTrigger.Match? {
        state.withLock { state in
            guard case .found(let packet) = state else { return nil }
            state = .taken
            return packet
        }
    }
}
