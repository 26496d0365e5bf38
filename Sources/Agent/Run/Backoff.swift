/// How long to wait before asking again for something that nothing announces: a sixteenth of the time waited so far, so
/// that it costs little to wait long, and little is lost when it comes.
struct Backoff {
    private var waited = Duration.zero

    mutating func next() -> Duration {
        let wait = min(max(waited / 16, .microseconds(250)), .milliseconds(32))
        waited += wait
        return wait
    }
}
