/// An app of the targeted space, as far as the platform tells of it.
struct SpaceApp: Sendable, Equatable {
    /// A process of the app.
    struct Process: Sendable, Equatable {
        /// The type, such as `web`.
        let type: String
        /// The instances that there are to be.
        let instances: Int
        /// The instances that run; nil if the platform did not say.
        let running: Int?
    }

    /// The answer to whether sessions can be opened to the app.
    enum SSH: Sendable, Equatable {
        case allowed
        /// Nobody can: the text tells who has disabled SSH, and the remedy.
        case disabled(SSHRefusal)
        /// The platform did not say.
        case unknown
    }

    let name: String
    let guid: String
    /// Whether the app is started.
    let isStarted: Bool
    let ssh: SSH
    /// The processes, by type.
    let processes: [Process]
    /// The reasons why the platform did not say something.
    var problems: [String] = []

    /// Whether the platform has answered every question about the app.
    var isKnown: Bool { ssh != .unknown && processes.allSatisfy { $0.running != nil } }
}
