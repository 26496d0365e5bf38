extension FileDescriptor {
    /// Makes a pipe of which no child inherits an end: one that a child holds open keeps the others from seeing its end.
    ///
    /// The corresponding C function is `pipe`, with `FD_CLOEXEC` of `fcntl` for both ends.
    static func closeOnExecPipe() throws(Errno) -> (reading: FileDescriptor, writing: FileDescriptor) {
        let (reading, writing): (FileDescriptor, FileDescriptor)
        do {
            (reading, writing) = try pipe()
        } catch {
            throw error as? Errno ?? .ioError
        }
        for end in [reading, writing] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        return (reading, writing)
    }

    /// Writes the first bytes of some, one at least, however long that takes. Returns their number. Waits also where the
    /// descriptor is non-blocking, which another process that shares it may have made it.
    ///
    /// The corresponding C functions are `write` and `poll`.
    func writeSome(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        while true {
            do {
                return unsafe try write(bytes)
            } catch Errno.wouldBlock {
                var entry = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                unsafe _ = poll(&entry, 1, -1)
            } catch {
                throw error as? Errno ?? .ioError
            }
        }
    }

    /// Whether the reader of a pipe is known to have gone, of which a writer otherwise learns only when there is something
    /// to write. The corresponding C function is `poll`.
    var hasLostReader: Bool {
        var entry = pollfd(fd: rawValue, events: 0, revents: 0)
        return unsafe poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLERR | POLLHUP) != 0
    }
}
