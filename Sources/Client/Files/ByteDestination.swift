/// A place that the bytes of a capture go to: a file, or a pipe with a reader.
protocol ByteDestination: AnyObject {
    /// The place in messages.
    var name: String { get }
    /// Whether somebody may be reading while it is written: a pipe, a device.
    var isLive: Bool { get }
    /// The bytes written so far.
    var written: Int64 { get }
    /// Whether the reader is known to have gone.
    var hasLostReader: Bool { get }

    /// Writes packets. Returns false if there was no room for them and the destination does not wait for room: none of
    /// the bytes is written then.
    ///
    /// If that fails after n bytes, the first `wholeLength(n)` of them stay, so that the file ends with a whole packet.
    func write(packets: UnsafeRawBufferPointer, wholeLength: (Int) -> Int) throws(OutputError) -> Bool

    /// Writes bytes of which a part is worth nothing: all of them, or none.
    func write(whole bytes: UnsafeRawBufferPointer) throws(OutputError)

    /// Has the destination report to a watch, before anything is written.
    func report(to watch: OutputWatch)

    /// Ends the output. Nothing is written any more.
    func close() throws(OutputError)
}
