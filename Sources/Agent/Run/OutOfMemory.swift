#if hasFeature(Embedded)
    import CLinux

    /// Memory that is freed when the system has no more, for the error message.
    nonisolated(unsafe) private var reserve = unsafe malloc(16 << 10)

    /// Replaces glibc's `posix_memalign`, by which Embedded Swift allocates memory without checking the result.
    ///
    /// Logs an error and ends the process if there is no memory.
    ///
    /// The corresponding C function is `aligned_alloc`.
    @c(posix_memalign)
    func allocate(_ memory: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int) -> Int32 {
        let last = unsafe reserve
        unsafe memory.pointee = aligned_alloc(alignment, size)
        if unsafe memory.pointee != nil { return 0 }
        guard unsafe last != nil else { end(.failure) }
        unsafe free(last)
        unsafe reserve = nil
        Log().error("out of memory") { $0.add("error", "\(size) bytes are more than the limit allows (ulimit -v)") }
        end(.failure)
    }
#endif
