#if hasFeature(Embedded)
    import CLinux

    /// Given back for the message that there is no more.
    nonisolated(unsafe) private var reserve = unsafe malloc(16 << 10)

    /// Takes the place of glibc's function, which Embedded Swift calls for all its memory and whose failure it does not
    /// answer: it would go on into a fault. The corresponding C function is `aligned_alloc`.
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
