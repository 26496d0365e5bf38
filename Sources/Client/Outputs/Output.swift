/// The place that a consumer writes to: a set of files, or a stream. It gives out one destination after the other.
///
/// The consumer calls it on the merger's queue, on which writing may block.
protocol Output: AnyObject {
    /// The place in messages: a file's name, "standard output", "Wireshark".
    var name: String { get }
    /// The present destination in messages.
    var currentName: String { get }
    /// The present file and the complete ones; nil for a stream.
    var progress: OutputProgress? { get }
    /// Whether the merge waits for this output. One that is lossy leaves packets out instead, which are counted, and its
    /// end does not end the capture.
    var isRequired: Bool { get }
    /// The bytes at which a destination is full.
    var sizeLimit: Int64 { get }

    /// Opens the next destination. The first one is opened when the capture is prepared, each other when there is a
    /// packet for it.
    func open() throws(OutputError) -> any ByteDestination

    /// Returns whether the present destination, which holds so many packets, is to be closed though it has room. If so, the
    /// consumer closes it at once. Called every ``Merger/interval``, so that an output also does here what is due by then.
    func isDue(packets: UInt64, at now: ContinuousClock.Instant) -> Bool

    /// Takes the present destination, which is closed; after the last one the capture is over. Throws if the capture cannot
    /// go on without it.
    func didClose(packets: UInt64, isLast: Bool, failure: OutputError?) throws(OutputError)

    /// Waits, up to a moment, for the program that reads the output, whose last destination is closed. Throws if that has
    /// not taken all.
    func waitForReader(until deadline: ContinuousClock.Instant) throws(OutputError)

    /// Keeps all that is there from now on: a packet was found that the capture waited for.
    func keepAll()

    /// Takes the number of packets that were left out so far.
    func leftOut(_ packets: UInt64)
}

extension Output {
    var currentName: String { name }
    var progress: OutputProgress? { nil }
    var sizeLimit: Int64 { .max }
    func isDue(packets _: UInt64, at _: ContinuousClock.Instant) -> Bool { false }
    func waitForReader(until _: ContinuousClock.Instant) throws(OutputError) {}
    func keepAll() {}
    func leftOut(_: UInt64) {}
}

/// The lines that outputs say to people. They know nothing of the display.
struct OutputLines: Sendable {
    /// Says something that nobody needs to act on.
    var say: @Sendable (String) -> Void = { _ in }
    /// Warns of something that the reader of the capture should know.
    var warn: @Sendable (String) -> Void = { _ in }
    /// Tells of a failure that the capture goes on behind, and which its exit status shows.
    var fail: @Sendable (String) -> Void = { _ in }
    /// Tells of a failure behind which the capture has no purpose any more, and ends it.
    var end: @Sendable (String) -> Void = { _ in }
}
