import CLinux

/// Returns the arguments of the process, without the program's name.
public func processArguments() -> ArraySlice<ByteString> {
    var count: Int32 = 0
    let values = unsafe cf_pcap_arguments(&count)
    return (0..<Int(count)).compactMap { index in
        // argv has `count` valid strings (C standard, 5.1.2.2.1).
        unsafe values?[index].map { unsafe ByteString(cString: $0) }
    }.dropFirst()
}
