/// How long to wait before asking again for something that nothing announces: a sixteenth of the time waited so far, so
/// that it costs little to wait long, and little is lost when it comes.
struct Backoff {
    private var waited: Int64 = 0

    /// Microseconds.
    mutating func next() -> Int64 {
        let wait = min(max(waited / 16, 250), 32_000)
        waited += wait
        return wait
    }
}
