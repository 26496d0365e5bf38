/// The time-outs of sessions and of the run's ending. Their relations are asserted in `EndingTests`.
///
/// ``Ending`` turns those of the run into moments (``Ending/deadline``); ``SessionState`` applies those of one session.
/// The outputs share the time ``finish`` out among themselves: ``OutputWatch/closeTime``, ``OutputWatch/stallTime``,
/// ``Consumers/readerTime``, ``TsharkOutput/killTime``. A command of --on-file has ``FileHandover/grace``.
enum Timeouts {
    // MARK: The beginning

    /// A person is told what may be in the way of a session of which nothing has been heard for this long. cf asks the
    /// platform several questions first.
    static let hint = Duration.seconds(8)
    /// A capture of limited time waits this long for the first session to begin, before its time runs without one. Longer
    /// than ``hint``.
    static let firstBegin = Duration.seconds(10)
    /// A session that has not begun after this time is killed, and opened again.
    static let begin = Duration.seconds(60)

    /// The outputs may take this long to be opened once the end is asked for.
    static let open = Duration.seconds(2)

    // MARK: The capture

    /// A session that captures is killed, and opened again, if nothing was heard of it for this long. The agent of this
    /// project logs every 5 seconds.
    static let silence = Duration.seconds(15)

    // MARK: The end

    /// The agent's own drain: after a stop it hands over what it has for this long at most, and then says what is lost.
    static let agentDrain = Duration.milliseconds(4500)
    /// A session from which no byte has come for this long after the stop is killed. Longer than ``agentDrain``, in which
    /// the agent may wait for a reader that stands still.
    static let stall = Duration.seconds(5)
    /// A session that has not begun is killed this long after the stop: it has nothing to hand over.
    static let unbegun = Duration.seconds(2)
    /// A session is killed this long after the stop even if bytes still come: megabytes may stand in SSH's buffers (2 MB
    /// at 300 kB/s take 6.4 s).
    static let drain = Duration.seconds(30)
    /// A session is killed this long after the outputs have all that was asked for. Until then the
    /// agents say what they have dropped.
    static let dismiss = Duration.seconds(2)
    /// A session that was killed may take this long until its end is known.
    static let kill = Duration.milliseconds(500)
    /// The outputs may take this long to write their end. One that accepts nothing for this long after the stop, as where
    /// nobody reads it, is not waited for.
    static let finish = Duration.seconds(5)
    /// The outputs may take this long where a person asked for the end again.
    static let hurriedFinish = Duration.milliseconds(500)
    /// A command of --on-file that nobody waits for may take this long to end: it is killed after a second.
    static let leave = Duration.seconds(2)
    /// The process ends this long after the end of the run, whatever still runs in it.
    static let exit = Duration.seconds(5)
    /// A second signal within this time is the first: timeout(1) and a terminal that closes send it twice.
    static let sameSignal = Duration.milliseconds(200)
}
