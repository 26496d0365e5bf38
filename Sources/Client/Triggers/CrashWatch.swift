/// The sessions that ended though nobody asked, until the platform says whether their instances crashed: a value without
/// processes or clocks of its own.
///
/// A session ends as well where the network is cut or the agent is killed. The platform tells the difference: after a crash
/// the instance does not run, or another one runs at its index.
struct CrashWatch {
    /// An instance that crashed or restarted.
    struct Crash: Equatable, Sendable {
        let id: InstanceID
        /// The platform's words, such as `crashed, Exited with status 137`.
        let description: String
    }

    private var suspects: [InstanceID: (guid: String, since: ContinuousClock.Instant)] = [:]

    /// The time for which the platform may still call an instance running that has crashed.
    private static let timeout = Duration.seconds(30)

    /// The instances on which the platform's word is awaited.
    var unexplained: [InstanceID] { suspects.keys.sorted() }

    /// Whether the platform's word on an instance is awaited.
    var isWaiting: Bool { !suspects.isEmpty }

    /// Adds an instance whose session has ended by itself.
    mutating func suspect(_ instance: Instance, at now: ContinuousClock.Instant) {
        suspects[instance.id] = (instance.guid, now)
    }

    /// Forgets the instances on which the platform's word was awaited for too long. To be called where it gives no answer.
    mutating func expire(at now: ContinuousClock.Instant) {
        suspects = suspects.filter { now - $0.value.since <= Self.timeout }
    }

    /// Takes what the platform says of all instances. Returns the crashes among the suspects, in the instances' order.
    mutating func update(_ instances: [Instance], at now: ContinuousClock.Instant) -> [Crash] {
        var crashes: [Crash] = []
        for id in suspects.keys.sorted() {
            guard let (guid, since) = suspects[id] else { continue }
            // One that the platform no longer has was scaled down.
            let instance = instances.first { $0.id == id }
            if let instance, let description = instance.crash(since: guid) {
                suspects[id] = nil
                crashes.append(Crash(id: id, description: description))
            } else if instance == nil || now - since > Self.timeout {
                suspects[id] = nil
            }
        }
        return crashes
    }
}

extension Instance {
    /// Returns how the instance with this identifier has ended, in words; nil if it runs.
    fileprivate func crash(since guid: String) -> String? {
        let isAnother = self.guid != guid && !self.guid.isEmpty
        guard !isRunning || isAnother else { return nil }
        if isRunning { return "it was restarted" }
        let cause = details.inOneLine(limit: 200)
        return "the platform says \(state)" + (cause.isEmpty ? "" : ", \(cause)")
    }
}
