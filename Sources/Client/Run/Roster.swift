/// Which instances are captured, which are waited for, and which are given up: a value without processes or clocks of
/// its own.
struct Roster {
    /// What to do about an instance.
    enum Action: Equatable {
        /// Open a session.
        case start(Instance)
        /// Tell of one that does not run, or is not there.
        case tell(InstanceID, SessionFailure)
        /// Tell of instances of a process that were asked for and are not there.
        case tellAbsent(String, [ClosedRange<Int>], SessionFailure)
        /// Tell of one that the platform has taken away. It is not waited for.
        case tellRemoved(InstanceID, wasCaptured: Bool)
    }

    /// Whether all that was asked for has been captured without a gap. An instance that was captured until the platform took
    /// it away, as by scaling down, has none, unless it was asked for by its index.
    var isComplete: Bool { !hasFailed && gaps.isEmpty }

    private var hasFailed = false
    /// The instances of which a session ended too early.
    private var gaps: Set<InstanceID> = []
    /// Those of them of which it did since the platform was asked last. Its next answer shows whether that was a gap, or
    /// their end.
    private var cut: Set<InstanceID> = []
    /// The instances in the platform's last answer.
    private var known: Set<InstanceID> = []
    private let app: String
    private let indices: [ClosedRange<Int>]?
    private let follows: Bool
    private let capacity: Int
    private var places = RosterPlaces()
    private var retried: Set<InstanceID> = []
    private var begun: Set<InstanceID> = []
    private var pauses: [InstanceID: Duration] = [:]
    private var hasBegun = false

    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)

    /// For the instances of `indices`, or all; never more than `capacity` at once.
    init(app: String, indices: [ClosedRange<Int>]?, follows: Bool, capacity: Int = 200) {
        self.app = app
        self.capacity = capacity
        self.indices = indices
        self.follows = follows
    }

    /// What to say where there are more instances than can be captured at once; nil where there are not.
    func excess(of instances: [Instance]) -> String? {
        let running = instances.count { $0.isRunning && isWanted($0.id.index) }
        guard running > capacity else { return nil }
        return """
            \(running) instances run, and \(capacity) can be captured at once: choose with -i, as in -i 0-\(capacity - 1)
            """
    }

    /// Takes what the platform says of all instances.
    mutating func update(_ instances: [Instance], at now: ContinuousClock.Instant) -> [Action] {
        defer { hasBegun = true }
        known = Set(instances.map(\.id))
        let wanted = instances.filter { isWanted($0.id.index) }
        let gone = hasBegun ? removeMissing() : absent(from: instances)
        cut.subtract(known)
        return wanted.compactMap { consider($0, at: now) } + gone
    }

    /// Waits no longer for instances that the platform no longer has: their process was scaled down, or is gone.
    private mutating func removeMissing() -> [Action] {
        places.waiting.filter { !known.contains($0) }.sorted().map { remove($0) }
    }

    private mutating func remove(_ id: InstanceID) -> Action {
        places[id] = nil
        pauses[id] = nil
        if cut.remove(id) != nil { gaps.remove(id) }
        if indices != nil { hasFailed = true }
        return .tellRemoved(id, wasCaptured: begun.contains(id))
    }

    /// Takes the end of a session: what to do next, if anything.
    mutating func sessionFailed(
        of instance: Instance, _ failure: SessionFailure, mayRejoin: Bool, at now: ContinuousClock.Instant
    ) -> Action? {
        if mayRejoin, failure.recovery == .retry, retried.insert(instance.id).inserted { return .start(instance) }
        let isNewGap = gaps.insert(instance.id).inserted
        guard mayRejoin, follows, failure.recovery != .none else {
            places[instance.id] = .abandoned(guid: instance.guid)
            return nil
        }
        if isNewGap { cut.insert(instance.id) }
        guard known.contains(instance.id) else { return remove(instance.id) }
        let pause = pauses[instance.id] ?? Self.shortestPause
        pauses[instance.id] = min(pause * 2, Self.longestPause)
        places[instance.id] = .waiting(since: now, pause: pause)
        return nil
    }

    /// A session has begun to capture: the next failure is a new one. Gives whether the instance was captured before.
    mutating func sessionBegan(of id: InstanceID) -> Bool {
        pauses[id] = nil
        retried.remove(id)
        return !begun.insert(id).inserted
    }

    /// A session has ended as it was asked to.
    mutating func sessionCompleted(of id: InstanceID) {
        places[id] = nil
    }

    /// Something else failed: not all was captured.
    mutating func fail() {
        hasFailed = true
    }

    /// Counts an instance as captured whose session ended too early: its crash was waited for.
    mutating func forgive(_ id: InstanceID) {
        gaps.remove(id)
    }

    /// Whether the instance was captured at any time.
    func wasCaptured(_ id: InstanceID) -> Bool { begun.contains(id) }

    /// Whether this instance is waited for.
    func isWaiting(for id: InstanceID) -> Bool {
        if case .waiting? = places[id] { true } else { false }
    }

    /// Whether an instance is waited for.
    var isWaiting: Bool { !places.waiting.isEmpty }

    /// Whether sessions run, or an instance is waited for.
    var isAlive: Bool { places.captured > 0 || isWaiting }

    private func isWanted(_ index: Int) -> Bool {
        indices?.contains { $0.contains(index) } ?? true
    }

    private mutating func consider(_ instance: Instance, at now: ContinuousClock.Instant) -> Action? {
        switch places[instance.id] {
        case .captured?:
            return nil
        case .waiting(let since, let pause)?:
            guard instance.isRunning, now - since >= pause, hasRoom else { return nil }
            return start(instance)
        case .abandoned(let guid)?:
            guard follows, instance.isRunning, instance.guid != guid, hasRoom else { return nil }
            return start(instance)
        case nil:
            guard hasBegun || !instance.isRunning else { return start(instance) }
            if instance.isRunning { return hasRoom ? start(instance) : wait(for: instance, at: now) }
            // One that appears while all are captured is joined when it runs.
            places[instance.id] = follows ? .waiting(since: now, pause: .zero) : .abandoned(guid: instance.guid)
            if indices != nil { hasFailed = true }
            return hasBegun ? nil : .tell(instance.id, absence(of: instance))
        }
    }

    private var hasRoom: Bool { places.captured < capacity }

    /// One that has appeared, and for which there is no room until another one goes.
    private mutating func wait(for instance: Instance, at now: ContinuousClock.Instant) -> Action {
        places[instance.id] = .waiting(since: now, pause: .zero)
        hasFailed = true
        return .tell(
            instance.id,
            SessionFailure(.noRoom, "\(capacity) instances are captured, and no more at once: it waits for one to go"))
    }

    private mutating func start(_ instance: Instance) -> Action {
        places[instance.id] = .captured(guid: instance.guid)
        return .start(instance)
    }

    /// Those asked for that the app does not have.
    private mutating func absent(from instances: [Instance]) -> [Action] {
        guard let indices else { return [] }
        let known = Dictionary(grouping: instances.map(\.id), by: \.process)
        return known.keys.sorted().compactMap { process in
            let missing = IndexList.difference(indices, (known[process] ?? []).map(\.index))
            guard !missing.isEmpty else { return nil }
            hasFailed = true
            return .tellAbsent(
                process, missing,
                SessionFailure(.noSuchInstance, "there is no such instance", remedy: "'cf app \(app)' lists them"))
        }
    }

    private func absence(of instance: Instance) -> SessionFailure {
        let details = instance.details.isEmpty ? "" : " (\(instance.details))"
        let remedy = "'cf app \(app)' tells its state" + (follows ? ", and it is joined when it runs" : "")
        return SessionFailure(
            .notRunning, "the instance does not run, it is \(instance.state)\(details)", remedy: remedy)
    }
}
