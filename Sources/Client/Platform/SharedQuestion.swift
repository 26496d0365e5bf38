/// A question to the platform that many sessions may ask at once, as they fail together: it is asked once, and its answer
/// serves for five seconds.
actor SharedQuestion<Answer: Sendable> {
    private var latest: Task<Answer, Never>?
    /// The moment of the latest answer; nil while it is awaited.
    private var answered: ContinuousClock.Instant?

    private static var validity: Duration { .seconds(5) }

    /// Returns the latest answer if it is still valid, or else that of `ask`.
    func answer(_ ask: @escaping @Sendable () async -> Answer) async -> Answer {
        if let latest, answered.map({ .now - $0 < Self.validity }) ?? true { return await latest.value }
        let question = Task { await ask() }
        (latest, answered) = (question, nil)
        let answer = await question.value
        answered = .now
        return answer
    }

    /// Takes an answer that came with another one.
    func set(_ answer: Answer) {
        (latest, answered) = (Task { answer }, .now)
    }
}
