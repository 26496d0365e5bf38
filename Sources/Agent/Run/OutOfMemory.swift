#if hasFeature(Embedded)
    import CLinux

    /// Memory that is freed when no other is left, so that the message that says so can be made.
    nonisolated(unsafe) private var reserve = unsafe malloc(16 << 10)

    /// Replaces glibc's `posix_memalign`, from which Embedded Swift gets all its memory without a look at the result. Logs
    /// an error and ends the process if there is no memory. The corresponding C function is `aligned_alloc`.
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
