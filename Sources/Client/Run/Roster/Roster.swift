/// Decides which capture points are captured, waited for and given up. A value, without processes or clocks of its own.
struct Roster {
    /// An action that the roster asks for.
    enum Action: Equatable {
        /// Open a session.
        case start(SessionTarget)
        /// Tell of one that does not run, or is not there.
        case tell(CapturePoint, SessionFailure)
        /// Tell of instances of a process that were asked for and are not there.
        case tellAbsent(String, [ClosedRange<Int>], SessionFailure)
        /// Tell of one that the platform has taken away. It is not waited for.
        case tellRemoved(CapturePoint, wasCaptured: Bool)
    }

    /// Whether all that was asked for has been captured without a gap. An instance that was captured until the platform took
    /// it away, as by scaling down, has none, unless it was asked for by its index.
    var isComplete: Bool { !hasFailed && gaps.isEmpty }

    private var hasFailed = false
    /// The points of which a session ended too early.
    private var gaps: Set<CapturePoint> = []
    /// The gaps since the platform's last answer. The next answer shows whether the session was cut or the instance removed.
    private var cut: Set<CapturePoint> = []
    /// The instances in the platform's last answer.
    private var known: Set<InstanceID> = []
    private let app: String
    private let indices: [ClosedRange<Int>]?
    private let interfaces: [String]
    private let follows: Bool
    private let capacity: Int
    private var places = RosterPlaces()
    private var retried: Set<CapturePoint> = []
    private var begun: Set<CapturePoint> = []
    private var pauses: [CapturePoint: Duration] = [:]
    /// When the latest capture of each point began.
    private var beginnings: [CapturePoint: ContinuousClock.Instant] = [:]
    private var hasBegun = false

    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)
    /// A capture that lasts this long is no part of a row of failures. Each session leaves an interface in the file and a
    /// kilobyte in memory, so that one that begins and ends at once must not come again every second.
    private static let steadyTime = Duration.seconds(10)

    /// For the instances and interfaces that the options choose; never more than `capacity` sessions at once.
    init(_ options: CaptureOptions, capacity: Int = 200) {
        self.capacity = capacity
        (app, follows) = (options.app, options.follow)
        (indices, interfaces) = (options.indices, options.interfaces)
    }

    /// Returns an error if there are more instances than can be captured at once; nil if there are not.
    func excess(of instances: [Instance]) -> String? {
        let running = instances.count { $0.isRunning && isWanted($0.id.index) }
        let most = capacity / interfaces.count
        guard running > most else { return nil }
        guard most > 0 else { return "\(capacity) sessions can run at once: name fewer interfaces" }
        return "\(running) instances run, and \(most) can be captured at once: choose with -i, as in -i 0-\(most - 1)"
    }

    /// Takes what the platform says of all instances.
    mutating func update(_ instances: [Instance], at now: ContinuousClock.Instant) -> [Action] {
        defer { hasBegun = true }
        known = Set(instances.map(\.id))
        let gone = hasBegun ? removeMissing() : absent(from: instances)
        cut = cut.filter { !known.contains($0.instance) }
        var actions: [Action] = []
        for instance in instances where isWanted(instance.id.index) {
            for interface in interfaces {
                let point = CapturePoint(instance.id, interface: interface, isOneOfSeveral: interfaces.count > 1)
                if let action = consider(SessionTarget(point: point, instance: instance), at: now) {
                    actions.append(action)
                }
            }
        }
        return actions + gone
    }

    /// Waits no longer for instances that the platform no longer has: their process was scaled down, or is gone.
    private mutating func removeMissing() -> [Action] {
        places.waiting.filter { !known.contains($0.instance) }.sorted().map { remove($0) }
    }

    private mutating func remove(_ point: CapturePoint) -> Action {
        places[point] = nil
        pauses[point] = nil
        beginnings[point] = nil
        if cut.remove(point) != nil { gaps.remove(point) }
        if indices != nil { hasFailed = true }
        return .tellRemoved(point, wasCaptured: begun.contains(point))
    }

    /// Takes the end of a session: what to do next, if anything.
    mutating func sessionFailed(
        of target: SessionTarget, _ failure: SessionFailure, mayRejoin: Bool, at now: ContinuousClock.Instant
    ) -> Action? {
        let point = target.point
        if mayRejoin, failure.recovery == .retry, retried.insert(point).inserted { return .start(target) }
        let isNewGap = gaps.insert(point).inserted
        guard mayRejoin, follows, mayRecover(from: failure, at: point) else {
            places[point] = .abandoned(guid: target.instance.guid)
            return nil
        }
        if isNewGap { cut.insert(point) }
        if let beginning = beginnings.removeValue(forKey: point), now - beginning >= Self.steadyTime {
            pauses[point] = nil
        }
        guard known.contains(point.instance) else { return remove(point) }
        let pause = pauses[point] ?? Self.shortestPause
        pauses[point] = min(pause * 2, Self.longestPause)
        places[point] = .waiting(since: now, pause: pause)
        return nil
    }

    private func mayRecover(from failure: SessionFailure, at point: CapturePoint) -> Bool {
        switch failure.recovery {
        case .retry, .rejoin: true
        case .rejoinIfCaptured: begun.contains(point)
        case .none: false
        }
    }

    /// A session has begun to capture. Returns whether the point was captured before.
    mutating func sessionBegan(of point: CapturePoint, at now: ContinuousClock.Instant) -> Bool {
        beginnings[point] = now
        retried.remove(point)
        return !begun.insert(point).inserted
    }

    /// A session has ended as it was asked to.
    mutating func sessionCompleted(of point: CapturePoint) {
        places[point] = nil
    }

    /// Something else failed: not all was captured.
    mutating func fail() {
        hasFailed = true
    }

    /// Counts an instance as captured whose session ended too early: its crash was waited for.
    mutating func forgive(_ id: InstanceID) {
        gaps = gaps.filter { $0.instance != id }
    }

    /// Whether the instance was captured at any time.
    func wasCaptured(_ id: InstanceID) -> Bool { CapturePoint.all(of: id, interfaces).contains(where: begun.contains) }

    /// Whether a capture has begun at this point, at any time.
    func hasBegun(_ point: CapturePoint) -> Bool { begun.contains(point) }

    /// Whether this capture point is waited for.
    func isWaiting(for point: CapturePoint) -> Bool {
        if case .waiting? = places[point] { true } else { false }
    }

    /// Whether an instance is waited for.
    var isWaiting: Bool { !places.waiting.isEmpty }

    /// Whether sessions run, or an instance is waited for.
    var isAlive: Bool { places.captured > 0 || isWaiting }

    private func isWanted(_ index: Int) -> Bool {
        indices?.contains { $0.contains(index) } ?? true
    }

    private mutating func consider(_ target: SessionTarget, at now: ContinuousClock.Instant) -> Action? {
        let instance = target.instance
        switch places[target.point] {
        case .captured?:
            return nil
        case .waiting(let since, let pause)?:
            guard instance.isRunning, now - since >= pause, hasRoom else { return nil }
            return start(target)
        case .abandoned(let guid)?:
            guard follows, instance.isRunning, instance.guid != guid, hasRoom else { return nil }
            return start(target)
        case nil:
            if hasBegun && !follows { return nil }
            guard hasBegun || !instance.isRunning else { return start(target) }
            if instance.isRunning { return hasRoom ? start(target) : wait(for: target, at: now) }
            // One that appears while all are captured is joined when it runs.
            places[target.point] =
                follows ? .waiting(since: now, pause: .zero) : .abandoned(guid: instance.guid)
            if indices != nil { hasFailed = true }
            return hasBegun ? nil : .tell(target.point, absence(of: instance))
        }
    }

    private var hasRoom: Bool { places.captured < capacity }

    /// One that has appeared, and for which there is no room until another one goes.
    private mutating func wait(for target: SessionTarget, at now: ContinuousClock.Instant) -> Action {
        places[target.point] = .waiting(since: now, pause: .zero)
        hasFailed = true
        return .tell(
            target.point,
            SessionFailure(.noRoom, "\(capacity) sessions run, and no more at once: it waits for one to go"))
    }

    private mutating func start(_ target: SessionTarget) -> Action {
        places[target.point] = .captured(guid: target.instance.guid)
        return .start(target)
    }

    /// Returns an action for each process that lacks instances which were asked for.
    private mutating func absent(from instances: [Instance]) -> [Action] {
        guard let indices else { return [] }
        let known = Dictionary(grouping: instances.map(\.id), by: \.process)
        return known.keys.sorted().compactMap { process in
            let missing = IndexList.difference(indices, (known[process] ?? []).map(\.index))
            guard !missing.isEmpty else { return nil }
            hasFailed = true
            return .tellAbsent(
                process, missing,
                SessionFailure(
                    .noSuchInstance, "there is no such instance", remedy: "'cf app \(app)' lists them"))
        }
    }

    private func absence(of instance: Instance) -> SessionFailure {
        let details = instance.details.isEmpty ? "" : " (\(instance.details))"
        let remedy =
            "'cf app \(app)' tells its state" + (follows ? ", and it is joined when it runs" : "")
        return SessionFailure(
            .notRunning, "the instance does not run, it is \(instance.state)\(details)", remedy: remedy)
    }
}
