/// The failures that a person has been told of, so that an instance which fails again and again is not told again and again.
struct ToldFailures {
    private var last: [InstanceID: String] = [:]

    /// Takes a failure of an instance. Returns whether it is another one than the last, numbers aside: a port may differ
    /// at each attempt.
    mutating func add(_ failure: SessionFailure, of instance: InstanceID) -> Bool {
        let text = String(failure.description.filter { !$0.isNumber })
        return last.updateValue(text, forKey: instance) != text
    }

    /// Forgets an instance, of which a capture has begun: what fails from now on is new.
    mutating func remove(_ instance: InstanceID) {
        last[instance] = nil
    }
}
