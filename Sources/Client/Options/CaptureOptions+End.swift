extension CaptureOptions {
    /// Whether an instance that crashes ends the capture.
    var waitsForCrash: Bool { until == Self.crash }

    /// The expression of pcap-filter(7) of which the first packet ends the capture; nil if there is none.
    var untilFilter: String? { waitsForCrash ? nil : until }

    /// The time to capture after the event that ends the capture.
    var timeAfterEvent: Duration { after ?? .seconds(1) }

    /// Whether packets end the capture, by their number or by what they are.
    var endsByPackets: Bool { count != nil || untilFilter != nil || untilDisplay != nil }

    /// Whether the capture waits for an event.
    var waitsForEvent: Bool { until != nil || untilDisplay != nil }

    /// The options of the events that the capture waits for, with their values, for messages.
    var awaitedEvents: [String] {
        [
            until.map { waitsForCrash ? "--until crash" : "--until '\($0)'" },
            untilDisplay.map { "--until-display '\($0)'" },
        ].compactMap { $0 }
    }

    /// The option of the event, for messages.
    var optionOfEvent: String { until != nil || untilDisplay == nil ? "--until" : "--until-display" }

    /// Returns what should have ended the capture and did not, in words; nil if all that was asked for came. `written` is
    /// the number of packets in the output.
    func missingEnd(hasEventCome: Bool, written: UInt64) -> String? {
        if waitsForEvent {
            return hasEventCome ? nil : "what \(optionOfEvent) waits for did not come before the end"
        }
        guard let count, written < UInt64(count) else { return nil }
        return "\(written) of the \(count) packets that --count asks for came before the end"
    }

    /// The value of `--until` that is no filter.
    private static let crash = "crash"

    /// The value of `--count`: one at least.
    static func packetCount(_ text: String) throws(UsageError) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(text), count > 0 else {
            throw UsageError("write a number of packets, 1 or more")
        }
        return count
    }

    /// Refuses options of the end that say nothing.
    func checkEnd() throws(UsageError) {
        guard until?.allSatisfy(\.isWhitespace) != true else {
            throw UsageError("--until is empty, write a filter such as 'tcp port 80', or crash")
        }
        guard untilDisplay?.allSatisfy(\.isWhitespace) != true else {
            throw UsageError("--until-display is empty, write a display filter such as 'http.response.code == 503'")
        }
        guard after == nil || waitsForEvent else {
            throw UsageError(
                "--after is the time behind what --until or --until-display waits for, give one of them or leave it out"
            )
        }
        guard let after, let duration, after > duration else { return }
        throw UsageError("--after is longer than --duration, which ends the capture: lengthen one or shorten the other")
    }
}
