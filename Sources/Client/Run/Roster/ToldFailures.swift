/// The failures that a person has been told of, so that a capture point which fails again and again is not told again and again.
struct ToldFailures {
    private var last: [CapturePoint: String] = [:]

    /// Takes a failure of a capture point. Returns whether it is another one than the last, numbers aside: a port may differ
    /// at each attempt.
    mutating func add(_ failure: SessionFailure, of point: CapturePoint) -> Bool {
        let text = String(failure.description.filter { !$0.isNumber })
        return last.updateValue(text, forKey: point) != text
    }

    /// Forgets a capture point, of which a capture has begun: what fails from now on is new.
    mutating func remove(_ point: CapturePoint) {
        last[point] = nil
    }
}
