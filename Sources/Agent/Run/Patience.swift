/// How long to wait for a reader before trying again: a sixteenth of the time for which it has taken nothing, so that it
/// costs little to wait long, and little is lost when the reader comes back.
struct Patience {
    private var waited: Int64 = 0

    /// Microseconds.
    mutating func next() -> Int64 {
        let wait = min(max(waited / 16, 250), 32_000)
        waited += wait
        return wait
    }
}
