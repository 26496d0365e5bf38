import Synchronization
import Testing

@testable import Client

@Suite("Packet triggers")
struct PacketTriggerTests {
    /// A clock that stands where a test sets it.
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    private let clock = Clock()
    private let reports = Reports()

    private final class Reports: Sendable {
        private let list = Mutex<[PacketTrigger.Report]>([])
        var all: [PacketTrigger.Report] { list.withLock { $0 } }
        func add(_ report: PacketTrigger.Report) { list.withLock { $0.append(report) } }
    }

    fileprivate static let request = SamplePacket(
        source: [10, 0, 0, 1], destination: [10, 0, 1, 2], transport: .tcp(flags: 0x18), sourcePort: 40000,
        destinationPort: 8080)
    fileprivate static let reset = SamplePacket(
        source: [0xFD] + [UInt8](repeating: 0, count: 15), destination: [0xFD] + [UInt8](repeating: 1, count: 15),
        transport: .tcp(flags: 4), sourcePort: 8080, destinationPort: 40000)
    private static let expression = "tcp[13]&4!=0 or (ip6[6]=6 and ip6[53]&4!=0)"

    private let web0 = StreamID(number: 0)
    private let web1 = StreamID(number: 1)

    private func trigger(
        until expression: String? = nil, after: Duration = .seconds(1), count: Int? = nil, linkType: UInt16 = 1
    ) throws -> Subject {
        let trigger = PacketTrigger(
            until: try expression.map { try UntilFilter($0, for: linkType) }, after: after, count: count,
            hold: .seconds(1), clock: { [clock] in clock.now }, report: { [reports] in reports.add($0) })
        let subject = Subject(trigger)
        for (id, name) in [(web0, "web/0 eth0"), (web1, "web/1 eth0")] {
            subject.trigger.add(id, stream(name, linkType))
        }
        return subject
    }

    private func stream(_ name: String, _ linkType: UInt16) -> StreamDescription {
        StreamDescription(
            name: name, description: "", filter: nil, linkType: linkType, isNanoseconds: false, snaplen: 65535)
    }

    /// A trigger that examines packets of given times.
    private final class Subject {
        var trigger: PacketTrigger

        init(_ trigger: PacketTrigger) { self.trigger = trigger }

        /// Returns how many of the records the trigger lets through. Times are in milliseconds; one with a minus is that of
        /// a reset.
        func examine(_ milliseconds: [Int], of source: StreamID) -> (records: Int, comment: String?, isOver: Bool) {
            let records = milliseconds.map {
                Record(
                    UInt64(abs($0)) * 1_000_000,
                    $0 < 0 ? PacketTriggerTests.reset.ethernet : PacketTriggerTests.request.ethernet)
            }
            let batch = RecordBatch(records)
            let result = unsafe trigger.examine(batch.bytes, of: source)
            let passed = unsafe Record.all(in: UnsafeRawBufferPointer(rebasing: batch.bytes[..<result.length]))
            return (passed.count, result.comment, result.isOver)
        }

        func isOver(at now: ContinuousClock.Instant) -> Bool { trigger.isOver(at: now) }
    }

    @Test
    func `count the packets of all sources together, and let exactly that many through`() throws {
        let trigger = try self.trigger(count: 5)
        #expect(trigger.examine([1, 2], of: web0) == (2, nil, false))
        #expect(trigger.examine([3], of: web1) == (1, nil, false))
        #expect(trigger.examine([4, 5, 6], of: web0) == (2, nil, true))
        #expect(trigger.examine([7], of: web1) == (0, nil, true), "nothing more after the end")
        #expect(!trigger.isOver(at: clock.now + .seconds(3600)))
    }

    @Test
    func `end with the run where the count is just reached`() throws {
        let trigger = try self.trigger(count: 2)
        #expect(trigger.examine([1, 2], of: web0) == (2, nil, true))
    }

    @Test
    func `mark the first packet that the filter selects, and let those of the time after it through`() throws {
        let trigger = try self.trigger(until: Self.expression, after: .seconds(2))
        #expect(trigger.examine([1000, 2000], of: web0) == (2, nil, false))
        let match = trigger.examine([2500, -3000, 3500, -4000], of: web1)
        #expect(match.records == 2 && !match.isOver)
        #expect(match.comment == "the first packet that --until '\(Self.expression)' selects")
        #expect(reports.all == [.match(.init(option: "--until", source: "web/1 eth0", time: 3_000_000_000, number: 4))])
        clock.advance(by: .seconds(2))
        #expect(trigger.examine([3500, -4000, 5000], of: web1) == (3, nil, false), "one match is enough")
        #expect(trigger.examine([4900, 5000, 5001, 5002], of: web0) == (2, nil, true))
        #expect(reports.all.count == 1)
    }

    @Test
    func `end a while after the match where nothing comes`() throws {
        let trigger = try self.trigger(until: Self.expression, after: .seconds(20))
        #expect(!trigger.isOver(at: clock.now + .seconds(3600)), "there is no match yet")
        _ = trigger.examine([-1000], of: web0)
        #expect(!trigger.isOver(at: clock.now + .seconds(20)), "its last packets may still wait for others")
        #expect(trigger.isOver(at: clock.now + .milliseconds(21_500)))
        clock.advance(by: .milliseconds(21_500))
        #expect(trigger.examine([20_000, 21_000, 21_001], of: web0) == (2, nil, true), "what came late is let through")
    }

    @Test
    func `do not believe a clock that is ahead, nor one that is behind`() throws {
        let trigger = try self.trigger(until: Self.expression, after: .seconds(20))
        _ = trigger.examine([-10_000], of: web0)
        clock.advance(by: .seconds(5))
        #expect(trigger.examine([3_600_000, 15_000], of: web1) == (2, nil, false), "an hour ahead, after 5 seconds")
        clock.advance(by: .seconds(17))
        #expect(trigger.examine([20], of: web1) == (1, nil, false))
        #expect(trigger.isOver(at: clock.now), "though all that comes is stamped as before")
    }

    @Test
    func `end by the first of a match and a count`() throws {
        let trigger = try self.trigger(until: Self.expression, count: 3)
        #expect(trigger.examine([1, 2, 3, -4], of: web0) == (3, nil, true))
        #expect(reports.all.isEmpty)
        let other = try self.trigger(until: Self.expression, count: 2)
        let match = other.examine([1, -2, 3], of: web0)
        #expect(match.records == 2 && match.comment != nil && match.isOver)
    }

    @Test
    func `tell a source whose link type the filter has no meaning for, and go on`() throws {
        let trigger = try self.trigger(until: "ether host 02:02:02:02:02:02", linkType: 1)
        trigger.trigger.add(StreamID(number: 2), stream("web/2 tun0", 101))
        guard case .unmatchable(let source, let reason)? = reports.all.first else {
            Issue.record("not told")
            return
        }
        #expect(source == "web/2 tun0" && !reason.isEmpty && reports.all.count == 1)
        #expect(trigger.examine([1], of: StreamID(number: 2)) == (1, nil, false))
        #expect(trigger.examine([2], of: web0).comment != nil)
    }

    @Test
    func `refuse a filter that libpcap refuses, in its words`() {
        #expect(throws: UsageError.self) { try UntilFilter("tcp port", for: 1) }
        #expect(throws: UsageError.self) { try UntilFilter("ether host 02:02:02:02:02:02", for: 101) }
        #expect(throws: UsageError.self) { try UntilFilter("host no-such-name.invalid", for: 1) }
    }
}
