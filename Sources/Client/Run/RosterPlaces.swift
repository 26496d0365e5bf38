/// Where each capture point is, and how many are there. Counting costs nothing, however many points there are.
struct RosterPlaces {
    /// The place of one capture point.
    enum Place {
        /// A session runs, to the instance with this identifier.
        case captured(guid: String)
        /// To be joined when it runs, but not before `pause` has passed since `since`.
        case waiting(since: ContinuousClock.Instant, pause: Duration)
        /// Not to be tried again, unless an instance with another identifier takes its place.
        case abandoned(guid: String)
    }

    /// The number of points that are captured.
    private(set) var captured = 0
    /// The points that are waited for.
    private(set) var waiting: Set<CapturePoint> = []

    private var places: [CapturePoint: Place] = [:]

    /// The place of a point; nil if it has none.
    subscript(point: CapturePoint) -> Place? {
        get { places[point] }
        set {
            if case .captured? = places[point] { captured -= 1 }
            if case .captured? = newValue { captured += 1 }
            if case .waiting? = newValue { waiting.insert(point) } else { waiting.remove(point) }
            places[point] = newValue
        }
    }
}
