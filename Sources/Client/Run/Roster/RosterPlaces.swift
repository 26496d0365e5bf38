/// The places of all capture points. Counts those that are captured as they change, since there may be thousands.
struct RosterPlaces {
    /// The place of one capture point.
    enum Place {
        /// A session runs, to the instance with this identifier.
        case captured(guid: String)
        /// The point is joined when its instance runs, but not before `pause` has passed since `since`.
        case waiting(since: ContinuousClock.Instant, pause: Duration)
        /// The point is not tried again, unless an instance with another identifier takes its place.
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
