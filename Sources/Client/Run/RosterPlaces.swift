/// Where each instance is in its capture, and how many are there. Counting costs nothing, however many instances there are.
struct RosterPlaces {
    /// The place of one instance.
    enum Place {
        /// A session runs, to the instance with this identifier.
        case captured(guid: String)
        /// To be joined when it runs, but not before `pause` has passed since `since`.
        case waiting(since: ContinuousClock.Instant, pause: Duration)
        /// Not to be tried again, unless an instance with another identifier takes its place.
        case abandoned(guid: String)
    }

    /// The number of instances that are captured.
    private(set) var captured = 0
    /// The instances that are waited for.
    private(set) var waiting: Set<InstanceID> = []

    private var places: [InstanceID: Place] = [:]

    /// The place of an instance; nil if it has none.
    subscript(id: InstanceID) -> Place? {
        get { places[id] }
        set {
            if case .captured? = places[id] { captured -= 1 }
            if case .captured? = newValue { captured += 1 }
            if case .waiting? = newValue { waiting.insert(id) } else { waiting.remove(id) }
            places[id] = newValue
        }
    }
}
