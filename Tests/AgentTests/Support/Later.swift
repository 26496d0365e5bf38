import Glibc

/// Calls `body` after a delay, on a new thread. Swift's tasks share as many threads as there are cores, and tests may
/// block all of them.
func later(milliseconds: UInt32, _ body: @escaping @Sendable () -> Void) {
    // The thread releases the object.
    let call = unsafe Unmanaged.passRetained(DelayedCall(milliseconds: milliseconds, body: body)).toOpaque()
    var thread = pthread_t()
    let status = unsafe pthread_create(&thread, nil, runDelayedCall, call)
    precondition(status == 0, "there is no thread")
    pthread_detach(thread)
}

private func runDelayedCall(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // The argument of `later` is never null.
    let call = unsafe Unmanaged<DelayedCall>.fromOpaque(argument!).takeRetainedValue()
    usleep(call.milliseconds * 1000)
    call.body()
    return nil
}

private final class DelayedCall: Sendable {
    let milliseconds: UInt32
    let body: @Sendable () -> Void

    init(milliseconds: UInt32, body: @escaping @Sendable () -> Void) {
        self.milliseconds = milliseconds
        self.body = body
    }
}
