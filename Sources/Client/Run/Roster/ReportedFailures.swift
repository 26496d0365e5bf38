/// The failure that was last reported of each capture point, so that the same one is not reported at each attempt.
///
/// ``PendingNotices`` does another thing: it joins equal messages of several points that come at about the same time.
struct ReportedFailures {
    private var last: [CapturePoint: String] = [:]

    /// Records a failure of a capture point. Returns whether it differs from the point's last one. Digits do not count: the
    /// port in a message may differ at each attempt.
    mutating func add(_ failure: SessionFailure, of point: CapturePoint) -> Bool {
        let text = String(failure.description.filter { !$0.isNumber })
        return last.updateValue(text, forKey: point) != text
    }

    /// Forgets a capture point when a capture has begun there: each failure from now on is new.
    mutating func remove(_ point: CapturePoint) {
        last[point] = nil
    }
}
