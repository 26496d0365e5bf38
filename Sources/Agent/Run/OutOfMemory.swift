#if hasFeature(Embedded)
    import CLinux

    /// Freed when memory runs out, so that there is room for the message that says so.
    nonisolated(unsafe) private var reserve = unsafe malloc(16 << 10)

    /// Takes the place of glibc's `posix_memalign`, from which Embedded Swift gets all its memory without looking at the
    /// result. Where there is none it logs that and ends the process. The corresponding C function is `aligned_alloc`.
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
