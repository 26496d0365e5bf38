import Testing

@testable import Client

@Suite("The merge")
struct MergeTests {
    private let start = ContinuousClock.now

    /// What came out, each with the number of its stream.
    private struct Output: RecordSink {
        let runLimit = Int.random(in: 1...5)
        var records: [(record: Record, stream: Int)] = []

        mutating func write(_ runs: [RecordRun]) {
            #expect(1...runLimit ~= runs.count)
            for run in runs {
                let new = unsafe Record.all(in: run.records)
                #expect(new.count == run.count)
                records += new.map { ($0, run.stream.number) }
            }
        }

        var times: [UInt64] { records.map(\.record.time) }
        var streams: [Int] { records.map(\.stream) }
    }

    private func merge(streams count: Int, hold: Duration = .seconds(1), capacity: Int = 1 << 20) -> (Merge, [StreamID])
    {
        var merge = Merge(hold: hold, capacity: capacity)
        let streams = (0..<count).map { _ in merge.open() }
        return (merge, streams)
    }

    private func batch(_ times: UInt64...) -> RecordBatch { RecordBatch(times.map { Record($0, [UInt8($0 & 0xFF)]) }) }

    @Test
    func `one stream passes at once`() throws {
        var (merge, streams) = merge(streams: 1)
        var output = Output()
        merge.append(batch(1, 2, 3), to: streams[0], at: start)
        try merge.drain(at: start, into: &output)
        #expect(output.times == [1, 2, 3])
        #expect(merge.bufferedBytes == 0 && merge.merged == 3)
    }

    @Test
    func `a record waits until every stream has shown one that is not earlier`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(1, 5, 9), to: streams[0], at: start)
        try merge.drain(at: start, into: &output)
        #expect(output.times.isEmpty)
        merge.append(batch(2, 6), to: streams[1], at: start)
        try merge.drain(at: start, into: &output)
        #expect(output.times == [1, 2, 5, 6])
        #expect(output.streams == [0, 1, 0, 1])
        merge.append(batch(9), to: streams[1], at: start)
        try merge.drain(at: start, into: &output)
        #expect(output.times == [1, 2, 5, 6, 9], "the first stream may show another one of that time")
        try merge.drainAll(into: &output)
        #expect(output.times == [1, 2, 5, 6, 9, 9])
        #expect(output.streams.suffix(2) == [0, 1])
        #expect(merge.order.late == 0)
    }

    @Test
    func `a silent stream holds nothing back for longer than the hold`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(1), to: streams[0], at: start)
        merge.append(batch(2), to: streams[0], at: start + .milliseconds(500))
        try merge.drain(at: start + .milliseconds(999), into: &output)
        #expect(output.times.isEmpty)
        try merge.drain(at: start + .seconds(1), into: &output)
        #expect(output.times == [1])
        try merge.drain(at: start + .milliseconds(1500), into: &output)
        #expect(output.times == [1, 2])
    }

    @Test
    func `what has waited long enough goes behind earlier records that have not`() throws {
        var (merge, streams) = merge(streams: 3)
        var output = Output()
        merge.append(batch(5), to: streams[0], at: start)
        merge.append(batch(3, 7), to: streams[1], at: start + .milliseconds(900))
        try merge.drain(at: start + .seconds(1), into: &output)
        #expect(output.times == [3, 5])
    }

    @Test
    func `late records are given where they come, and counted`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(10), to: streams[0], at: start)
        try merge.drain(at: start + .seconds(1), into: &output)
        merge.append(batch(4, 5, 12), to: streams[1], at: start + .seconds(2))
        try merge.drain(at: start + .seconds(2), into: &output)
        #expect(output.times == [10, 4, 5])
        #expect(merge.order.late == 2)
        try merge.drain(at: start + .seconds(3), into: &output)
        #expect(output.times == [10, 4, 5, 12])
        #expect(merge.order.late == 2)
    }

    @Test
    func `one wrong time stamp does not end the order for ever`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(1_000_000), to: streams[0], at: start)
        try merge.drain(at: start + .seconds(1), into: &output)
        for (second, pair) in [(12 as UInt64, 11 as UInt64), (22, 21), (32, 31)].enumerated() {
            let now = start + .seconds(2 + second)
            merge.append(batch(pair.0), to: streams[0], at: now)
            try merge.drain(at: now, into: &output)
            merge.append(batch(pair.1), to: streams[1], at: now)
            try merge.drain(at: now, into: &output)
        }
        try merge.drainAll(into: &output)
        #expect(output.times.suffix(4) == [21, 22, 31, 32])
    }

    private let second: UInt64 = 1_000_000_000

    @Test(arguments: [1, 3, 100])
    func `a record stamped far ahead stands where it came, and all others are in order`(piece: Int) throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        let year = 31_536_000 * second
        var times = (0..<2).map { stream in (0..<100).map { year + UInt64($0 * 2 + stream) * second / 1000 } }
        times[0][20] = 75 * year
        for start in stride(from: 0, to: 100, by: piece) {
            for stream in 0..<2 {
                let records = times[stream][start...].prefix(piece).map { Record($0) }
                merge.append(RecordBatch(records), to: streams[stream], at: self.start)
            }
            try merge.drain(at: self.start, into: &output)
        }
        try merge.drainAll(into: &output)
        let others = output.times.filter { $0 < 2 * year }
        #expect(others == times.joined().filter { $0 < 2 * year }.sorted())
        #expect(merge.order == MergeOrder(ahead: 1))
    }

    @Test
    func `a time stamp far ahead that a silent stream has shown last does not hurry the others`() throws {
        var (merge, streams) = merge(streams: 3)
        var output = Output()
        merge.append(batch(1, 75 * 31_536_000 * second), to: streams[0], at: start)
        for step in 1...40 as ClosedRange<UInt64> {
            let now = start + .milliseconds(100 * Int(step))
            merge.append(batch(step * second / 10), to: streams[1], at: now)
            try merge.drain(at: now, into: &output)
            // The third stream's come a little later each time.
            merge.append(batch(step * second / 10 - 1), to: streams[2], at: now + .milliseconds(20))
            try merge.drain(at: now + .milliseconds(20), into: &output)
        }
        try merge.drainAll(into: &output)
        let others = output.times.filter { $0 < 60 * second }
        #expect(others == others.sorted())
        #expect(merge.order.late == 0)
    }

    @Test(arguments: [Int64(3600), -3600])
    func `a clock that is set during a capture leaves the order of the others`(change: Int64) throws {
        var (merge, streams) = merge(streams: 3)
        var output = Output()
        let base = 1_700_000_000 * second
        for step in 0..<100 as Range<UInt64> {
            let now = start + .milliseconds(100 * Int(step))
            let time = base + step * second / 10
            let changed = step < 50 ? time : UInt64(Int64(time) + change * Int64(second))
            merge.append(batch(changed), to: streams[0], at: now)
            merge.append(batch(time + 2), to: streams[1], at: now)
            try merge.drain(at: now, into: &output)
            merge.append(batch(time + 1), to: streams[2], at: now + .milliseconds(20))
            try merge.drain(at: now + .milliseconds(20), into: &output)
        }
        try merge.drainAll(into: &output)
        let others = output.records.filter { $0.stream > 0 }.map(\.record.time)
        #expect(others == others.sorted())
        #expect(others.count == 200 && output.times.count == 300)
        #expect(
            output.records.filter { $0.stream == 0 }.map(\.record.time).prefix(50).allSatisfy { $0 < base + 5 * second }
        )
        #expect(merge.order.late <= 1, "a longer hold does not help")
    }

    @Test
    func `streams are in order again once their clock was set back for all`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        for step in 0..<100 as Range<UInt64> {
            let now = start + .milliseconds(100 * Int(step))
            let time = 1_700_000_000 * second + step * second / 10 - (step < 50 ? 0 : 3600 * second)
            merge.append(batch(time + 1), to: streams[0], at: now)
            try merge.drain(at: now, into: &output)
            merge.append(batch(time), to: streams[1], at: now + .milliseconds(20))
            try merge.drain(at: now + .milliseconds(20), into: &output)
        }
        try merge.drainAll(into: &output)
        let steps = zip(output.times, output.times.dropFirst()).filter { $0 > $1 }
        #expect(steps.count <= 2, "\(steps)")
        #expect(merge.order.late <= 1)
    }

    @Test
    func `the difference of two clocks is known after a while, and not where one batch was late`() throws {
        var (merge, streams) = merge(streams: 3)
        for step in 0..<50 as Range<UInt64> {
            let now = start + .milliseconds(100 * Int(step))
            let time = 1_700_000_000 * second + step * second / 10
            merge.append(batch(time), to: streams[0], at: now)
            merge.append(batch(time + 5 * second), to: streams[1], at: now)
            merge.append(batch(time), to: streams[2], at: step == 0 ? now + .seconds(3) : now)
        }
        let distances = streams.map { merge.clockDistance(of: $0, at: start + .seconds(6)) }
        let first = try #require(distances[0])
        #expect(distances.map { $0.map { $0 - first } } == [0, 5_000_000_000, 0])
        #expect(merge.clockDistance(of: streams[0], at: start) == nil)
    }

    @Test
    func `a stream that steps back at every record takes bounded time and loses nothing`() throws {
        var (merge, streams) = merge(streams: 2, capacity: .max)
        var output = Output()
        let times = (0..<20_000).map { UInt64(100_000 - $0) * 3 * second }
        for start in stride(from: 0, to: times.count, by: 50) {
            merge.append(RecordBatch(times[start..<start + 50].map { Record($0) }), to: streams[0], at: self.start)
        }
        try merge.drain(at: start, into: &output)
        try merge.drainAll(into: &output)
        #expect(output.times == times)
        #expect(merge.bufferedBytes == 0)
    }

    @Test
    func `nothing waits for a stream that has ended`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(1, 3), to: streams[0], at: start)
        merge.append(batch(2), to: streams[1], at: start)
        merge.close(streams[1])
        try merge.drain(at: start, into: &output)
        #expect(output.times == [1, 2, 3])
        merge.append(batch(4), to: streams[1], at: start)
        try merge.drainAll(into: &output)
        #expect(output.times == [1, 2, 3], "a stream that has ended is not known any more")
    }

    @Test
    func `a stream that floods leaves each other one its share of the memory`() {
        var (merge, streams) = merge(streams: 2, capacity: 4000)
        for time in 1...200 { merge.append(batch(UInt64(time)), to: streams[0], at: start) }
        #expect(!merge.mayRead(streams[0]))
        merge.append(batch(9), to: streams[1], at: start)
        #expect(merge.mayRead(streams[1]), "less than 1000 bytes wait")
        for time in 10...80 { merge.append(batch(UInt64(time)), to: streams[1], at: start) }
        #expect(!merge.mayRead(streams[1]))
    }

    @Test
    func `a stream is not read on where there is no room, but for one that has nothing that waits`() throws {
        var (merge, streams) = merge(streams: 2, capacity: 200)
        var output = Output()
        merge.append(batch(1, 2, 3, 4, 5), to: streams[0], at: start)
        #expect(!merge.mayRead(streams[0]))
        #expect(merge.mayRead(streams[1]))
        merge.append(batch(9), to: streams[1], at: start)
        #expect(!merge.mayRead(streams[1]))
        try merge.drain(at: start, into: &output)
        #expect(merge.mayRead(streams[0]) && merge.mayRead(streams[1]))
        #expect(output.times == [1, 2, 3, 4, 5])
    }

    @Test
    func `a silent stream holds nothing back for long where there is no room`() throws {
        var (merge, streams) = merge(streams: 2, hold: .seconds(60), capacity: 200)
        var output = Output()
        merge.append(batch(1), to: streams[0], at: start)
        try merge.drain(at: start + .seconds(2), into: &output)
        #expect(output.times.isEmpty)
        merge.append(batch(2, 3, 4, 5, 6), to: streams[0], at: start + .seconds(2))
        try merge.drain(at: start + .seconds(2), into: &output)
        #expect(output.times == [1])
        try merge.drain(at: start + .seconds(3), into: &output)
        #expect(output.times == [1, 2, 3, 4, 5, 6])
        #expect(merge.order.late == 0)
    }

    @Test
    func `all records of a stream keep their order`() throws {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(5, 1, 7), to: streams[0], at: start)
        merge.append(batch(6), to: streams[1], at: start)
        try merge.drainAll(into: &output)
        #expect(output.times == [5, 1, 6, 7])
        #expect(merge.order == MergeOrder(), "a longer hold changes nothing within a stream")
    }

    @Test
    func `a sink that fails ends it`() {
        struct Failing: RecordSink {
            let runLimit = 1
            mutating func write(_: [RecordRun]) throws { throw OutputError.readerGone }
        }
        var (merge, streams) = merge(streams: 1)
        var sink = Failing()
        merge.append(batch(1), to: streams[0], at: start)
        #expect(throws: OutputError.readerGone) { try merge.drain(at: start, into: &sink) }
    }

    @Test(arguments: [1, 2, 3, 4, 50])
    func `any number of streams in any pieces come out as if sorted`(count: Int) throws {
        for _ in 0..<30 {
            var (merge, streams) = merge(streams: count)
            var output = Output()
            var rest = (0..<count).map { stream in
                var time: UInt64 = 0
                return (0..<Int.random(in: 0...60)).map { _ in
                    time += .random(in: 0...5)
                    return Record(time, [UInt8(stream)])
                }[...]
            }
            let expected = rest.enumerated().flatMap { stream, records in records.map { ($0, stream) } }
                .sorted { ($0.0.time, $0.1) < ($1.0.time, $1.1) }
            while let stream = rest.indices.filter({ !rest[$0].isEmpty }).randomElement() {
                let records = rest[stream].prefix(.random(in: 1...10))
                rest[stream] = rest[stream].dropFirst(records.count)
                merge.append(RecordBatch(Array(records)), to: streams[stream], at: start)
                if rest[stream].isEmpty { merge.close(streams[stream]) }
                if Bool.random() { try merge.drain(at: start, into: &output) }
            }
            try merge.drainAll(into: &output)
            let isSorted = output.records.map(\.record) == expected.map(\.0)
            #expect(isSorted)
            #expect(merge.order.late == 0 && merge.merged == expected.count && merge.bufferedBytes == 0)
        }
    }

    /// Merges two streams of a packet every 10 ms for 15 s without any delay. The first is stamped `jump` ms ahead for
    /// `length` ms behind the fifth second.
    private func order(jumpingBy jump: Int, for length: Int, hold: Duration = .seconds(1)) throws -> MergeOrder {
        var (merge, streams) = merge(streams: 2, hold: hold)
        var output = Output()
        let origin = 1_000_000_000_000
        for tick in 0..<1500 {
            let (now, time) = (start + .milliseconds(tick * 10), origin + tick * 10)
            let isJump = (5000..<5000 + length).contains(tick * 10)
            merge.append(batch(UInt64(time + (isJump ? jump : 0)) * 1_000_000), to: streams[0], at: now)
            merge.append(batch(UInt64(time + 3) * 1_000_000), to: streams[1], at: now)
            if tick.isMultiple(of: 5) { try merge.drain(at: now, into: &output) }
        }
        try merge.drainAll(into: &output)
        return merge.order
    }

    @Test(arguments: [-3600_000, -5000, -2000, -1000, -500, 500, 1000, 2000, 5000, 3600_000], [500, 1000, 3000])
    func `a clock that jumps for a while is told, and no longer hold advised, which would not help`(
        jump: Int, length: Int
    ) throws {
        let order = try self.order(jumpingBy: jump, for: length)
        let cautions = Reports.cautions([], order: OrderReport(counts: order))
        #expect(cautions.contains { $0.hasSuffix("could not be put in order: a clock was set during the capture.") })
        #expect(!cautions.contains { $0.contains("--hold") }, "\(order)")
    }

    @Test
    func `packets that several processors hand on late in one stream are not those that a longer hold puts in order`()
        throws
    {
        var (merge, streams) = merge(streams: 2)
        var output = Output()
        merge.append(batch(1000, 5000, 2000, 9000), to: streams[0], at: start)
        merge.append(batch(3000, 8000), to: streams[1], at: start)
        try merge.drain(at: start + .seconds(2), into: &output)
        #expect(output.times == [1000, 3000, 5000, 2000, 8000, 9000])
        #expect(merge.order.late == 0 && merge.order.disordered == 1 && !merge.order.hasClockStep)
    }
}
