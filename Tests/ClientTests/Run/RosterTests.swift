import Testing

@testable import Client

@Suite("The roster")
struct RosterTests {
    private let start = ContinuousClock.now
    private let cut = SessionFailure(.cut, "cut")
    private let noAgent = SessionFailure(.noAgent, "no agent")

    private func instance(_ index: Int, _ state: Instance.State = .running, guid: String? = nil) -> Instance {
        Instance(
            id: InstanceID(process: "web", index: index), state: state, guid: guid ?? "g-\(index)", host: "",
            details: "")
    }

    private func at(_ instance: Instance) -> SessionTarget {
        SessionTarget(point: point(instance.id.index), instance: instance)
    }

    private func target(_ index: Int) -> SessionTarget { at(instance(index)) }

    private func point(_ index: Int) -> CapturePoint {
        CapturePoint(InstanceID(process: "web", index: index), interface: "eth0")
    }

    private func roster(
        indices: String? = nil, follows: Bool = true, interfaces: String = "eth0", capacity: Int = 200
    ) throws -> Roster {
        var options = CaptureOptions(app: "demo")
        options.indexLists = try indices.map { [try IndexList($0)] } ?? []
        options.interfaceLists = [try InterfaceList(interfaces)]
        options.noFollow = !follows
        return Roster(options, capacity: capacity)
    }

    @Test
    func `begins with all that run, and tells of the others`() throws {
        var roster = try self.roster()
        let actions = roster.update([instance(0), instance(1, .crashed)], at: start)
        #expect(actions.first == .start(target(0)))
        guard case .tell(let told, let failure) = actions.last else { return #expect(Bool(false)) }
        #expect(told.instance.index == 1 && failure.kind == .notRunning)
        #expect(roster.isWaiting(for: told) && roster.isAlive)
        #expect(roster.isComplete, "what does not run was not asked for")
        #expect(roster.update([instance(0), instance(1)], at: start) == [.start(target(1))], "joined when it runs")
    }

    @Test
    func `says how many are too many, and how to choose`() throws {
        let roster = try self.roster(capacity: 2)
        #expect(roster.excess(of: [instance(0), instance(1), instance(2, .down)]) == nil)
        #expect(
            roster.excess(of: (0..<3).map { instance($0) })
                == "3 instances run, and 2 can be captured at once: choose with -i, as in -i 0-1")
        let chosen = try self.roster(indices: "0", capacity: 2)
        #expect(chosen.excess(of: (0..<3).map { instance($0) }) == nil)
    }

    @Test
    func `has one that appears wait until there is room, and tells it once`() throws {
        var roster = try self.roster(capacity: 1)
        #expect(roster.update([instance(0)], at: start) == [.start(target(0))])
        let both = [instance(0), instance(1)]
        guard case .tell(let told, let failure)? = roster.update(both, at: start).first else {
            Issue.record("not told")
            return
        }
        #expect(
            told.instance.index == 1 && failure.kind == .noRoom && roster.isWaiting(for: told) && !roster.isComplete)
        #expect(roster.update(both, at: start) == [])
        roster.sessionCompleted(of: point(0))
        #expect(roster.update([instance(1)], at: start) == [.start(target(1))])
    }

    @Test
    func `forgives the gap of an instance whose crash was waited for, and no other`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0), instance(1)], at: start)
        _ = roster.sessionBegan(of: point(1), at: start)
        #expect(roster.wasCaptured(instance(1).id) && !roster.wasCaptured(instance(0).id))
        _ = roster.sessionFailed(of: target(1), cut, mayRejoin: true, at: start)
        #expect(!roster.isComplete)
        roster.forgive(instance(1).id)
        #expect(roster.isComplete)
        _ = roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: start)
        roster.forgive(instance(1).id)
        #expect(!roster.isComplete)
    }

    @Test
    func `waits no longer for one that the platform no longer has, and joins it anew if it comes back`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0), instance(1)], at: start)
        #expect(roster.sessionFailed(of: target(1), cut, mayRejoin: true, at: start) == nil)
        #expect(!roster.isComplete, "it may have failed")
        #expect(roster.update([instance(0)], at: start) == [.tellRemoved(point(1), wasCaptured: false)])
        #expect(!roster.isWaiting && roster.isComplete)
        #expect(roster.update([instance(0)], at: start) == [])
        let anew = instance(1, guid: "new")
        #expect(roster.update([instance(0), anew], at: start) == [.start(at(anew))])
    }

    @Test
    func `takes one that the platform took away for captured to its end, whoever tells it first`() throws {
        for isAskedFirst in [false, true] {
            var roster = try self.roster()
            _ = roster.update([instance(0), instance(1)], at: start)
            _ = roster.sessionBegan(of: point(1), at: start)
            let removed = Roster.Action.tellRemoved(point(1), wasCaptured: true)
            if isAskedFirst { #expect(roster.update([instance(0)], at: start) == []) }
            #expect(
                roster.sessionFailed(of: target(1), cut, mayRejoin: true, at: start)
                    == (isAskedFirst ? removed : nil))
            #expect(roster.update([instance(0)], at: start) == (isAskedFirst ? [] : [removed]))
            #expect(roster.isComplete && roster.isAlive)
        }
    }

    @Test
    func `takes a gap before the end, or an index that was asked for, for a failure`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0), instance(1)], at: start)
        _ = roster.sessionFailed(of: target(1), cut, mayRejoin: true, at: start)
        _ = roster.update([instance(0), instance(1, .down)], at: start)
        _ = roster.update([instance(0)], at: start)
        #expect(!roster.isComplete, "it was still there when its session failed")
        var chosen = try self.roster(indices: "0-1")
        _ = chosen.update([instance(0), instance(1)], at: start)
        _ = chosen.update([instance(0)], at: start)
        _ = chosen.sessionFailed(of: target(1), cut, mayRejoin: true, at: start)
        #expect(!chosen.isComplete)
    }

    @Test(.timeLimit(.minutes(1)))
    func `of a hundred thousand instances takes no longer for each than of ten`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0)], at: start)
        let many = (0..<100_000).map { instance($0) }
        let begin = threadTime()
        _ = roster.update(many, at: start)
        #expect(threadTime() - begin < 5, "20 s where the places were counted for each")
    }

    @Test
    func `ends when the last instance that it waited for is taken away`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0)], at: start)
        _ = roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: start)
        #expect(roster.isAlive)
        _ = roster.update([], at: start)
        #expect(!roster.isAlive)
    }

    @Test
    func `takes no instance but those asked for, and those when they appear`() throws {
        var roster = try self.roster(indices: "1,5-6")
        let actions = roster.update([instance(0), instance(1), instance(2)], at: start)
        #expect(actions.first == .start(target(1)))
        guard case .tellAbsent("web", [5...6], let failure) = actions.last else {
            Issue.record("not told as one")
            return
        }
        #expect(actions.count == 2 && failure.kind == .noSuchInstance)
        #expect(!roster.isComplete, "there are no instances 5 and 6")
        let scaled = (0...6).map { instance($0) }
        #expect(roster.update(scaled, at: start + .seconds(10)) == [.start(target(5)), .start(target(6))])
    }

    @Test
    func `asked for an instance that does not run, is not complete`() throws {
        var roster = try self.roster(indices: "0")
        #expect(roster.update([instance(0, .starting)], at: start).count == 1)
        #expect(!roster.isComplete && roster.isAlive)
    }

    @Test
    func `joins again an instance whose session was cut, when it runs, with growing pauses`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0)], at: start)
        #expect(roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: start) == nil)
        #expect(!roster.isComplete && roster.isAlive)
        #expect(roster.update([instance(0)], at: start) == [], "not at once")
        #expect(roster.update([instance(0, .down)], at: start + .seconds(1)) == [])
        #expect(
            roster.update([instance(0, guid: "new")], at: start + .seconds(1)) == [.start(at(instance(0, guid: "new")))]
        )
        #expect(roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: start + .seconds(1)) == nil)
        #expect(roster.update([instance(0)], at: start + .seconds(2)) == [])
        #expect(roster.update([instance(0)], at: start + .seconds(3)) == [.start(target(0))])
        let wasCapturedBefore = roster.sessionBegan(of: point(0), at: start + .seconds(3))
        #expect(!wasCapturedBefore)
        #expect(roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: start + .seconds(13)) == nil)
        #expect(roster.update([instance(0)], at: start + .seconds(14)) == [.start(target(0))], "a new failure")
        let isJoinedAgain = roster.sessionBegan(of: point(0), at: start + .seconds(14))
        #expect(isJoinedAgain)
    }

    @Test
    func `joins one whose captures end at once less and less often`() throws {
        var roster = try self.roster()
        var sessions = roster.update([instance(0)], at: start).count
        for second in 1...100 {
            let now = start + .seconds(second)
            let isStarted = !roster.update([instance(0)], at: now).isEmpty
            if isStarted || second == 1 {
                _ = roster.sessionBegan(of: point(0), at: now)
                _ = roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: now)
            }
            if isStarted { sessions += 1 }
        }
        #expect((5...9).contains(sessions), "\(sessions) sessions in 100 s, 100 where each pause was the shortest")
    }

    @Test
    func `gives up an instance that cannot be captured, until another one takes its place`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0), instance(1)], at: start)
        #expect(roster.sessionFailed(of: target(0), noAgent, mayRejoin: true, at: start) == nil)
        #expect(roster.isAlive && !roster.isWaiting && !roster.isComplete)
        #expect(roster.update([instance(0), instance(1)], at: start + .seconds(60)) == [])
        let next = instance(0, guid: "new")
        #expect(roster.update([next, instance(1)], at: start + .seconds(61)) == [.start(at(next))])
    }

    @Test(arguments: [SessionFailure.Kind.sshDisabled, .notAllowed, .noSuchApp])
    func `joins again what a person has taken away and given back, where it was captured`(
        kind: SessionFailure.Kind
    ) throws {
        var roster = try self.roster()
        _ = roster.update([instance(0), instance(1)], at: start)
        _ = roster.sessionBegan(of: point(0), at: start)
        for index in 0...1 {
            let failure = SessionFailure(kind, "off")
            #expect(roster.sessionFailed(of: target(index), failure, mayRejoin: true, at: start) == nil)
        }
        #expect(roster.isWaiting(for: point(0)) && !roster.isWaiting(for: point(1)))
        #expect(roster.update([instance(0), instance(1)], at: start + .seconds(1)) == [.start(target(0))])
    }

    @Test
    func `has ended when all are given up`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0)], at: start)
        #expect(roster.isAlive)
        _ = roster.sessionFailed(of: target(0), noAgent, mayRejoin: true, at: start)
        #expect(!roster.isAlive)
    }

    @Test
    func `tries once more, at once, where a session has just had bad luck`() throws {
        let hiccup = SessionFailure(.hiccup, "bad luck")
        var roster = try self.roster(follows: false)
        _ = roster.update([instance(0)], at: start)
        #expect(roster.sessionFailed(of: target(0), hiccup, mayRejoin: true, at: start) == .start(target(0)))
        #expect(roster.isComplete)
        #expect(roster.sessionFailed(of: target(0), hiccup, mayRejoin: true, at: start) == nil)
        #expect(!roster.isComplete && !roster.isAlive)
    }

    @Test
    func `joins instances that appear`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0)], at: start)
        #expect(roster.update([instance(0), instance(1, .starting)], at: start + .seconds(5)) == [])
        #expect(roster.update([instance(0), instance(1)], at: start + .seconds(9)) == [.start(target(1))])
        #expect(roster.isComplete)
    }

    @Test
    func `joins nothing without follow`() throws {
        var other = try self.roster(follows: false)
        _ = other.update([instance(0)], at: start)
        #expect(other.update([instance(0), instance(1)], at: start) == [], "asked for the sake of a crash")
        var roster = try self.roster(follows: false)
        _ = roster.update([instance(0)], at: start)
        #expect(roster.sessionFailed(of: target(0), cut, mayRejoin: true, at: start) == nil)
        #expect(!roster.isAlive && !roster.isComplete)
    }

    @Test
    func `is complete when all sessions ended as they were asked to`() throws {
        var roster = try self.roster()
        _ = roster.update([instance(0), instance(1)], at: start)
        roster.sessionCompleted(of: point(0))
        roster.sessionCompleted(of: point(1))
        #expect(roster.isComplete && !roster.isAlive)
    }

    @Test
    func `has a capture point for each interface of an instance, and joins again the one that was cut`() throws {
        var roster = try self.roster(interfaces: "eth0,lo", capacity: 4)
        #expect(roster.excess(of: (0..<2).map { instance($0) }) == nil)
        #expect(
            roster.excess(of: (0..<3).map { instance($0) })
                == "3 instances run, and 2 can be captured at once: choose with -i, as in -i 0-1")
        let started = roster.update([instance(0)], at: start).map {
            if case .start(let target) = $0 { target } else { nil as SessionTarget? }
        }
        #expect(started.map { $0?.point.description } == ["web/0 eth0", "web/0 lo"])
        let lo = try #require(started[1])
        #expect(roster.sessionFailed(of: lo, cut, mayRejoin: true, at: start) == nil)
        #expect(roster.update([instance(0)], at: start + .seconds(1)) == [.start(lo)])
        _ = roster.sessionBegan(of: lo.point, at: start)
        #expect(roster.wasCaptured(instance(0).id) && !roster.isComplete)
        roster.forgive(instance(0).id)
        #expect(roster.isComplete)
    }
}
