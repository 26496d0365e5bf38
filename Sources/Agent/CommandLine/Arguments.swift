import CLinux

/// Returns the process's arguments, without the program's name.
public func processArguments() -> ArraySlice<ByteString> {
    var count: Int32 = 0
    let values = unsafe cf_pcap_arguments(&count)
    return (0..<Int(count)).compactMap { index in
        // argv holds `count` strings (main in the C standard, 5.1.2.2.1).
        unsafe values?[index].map { unsafe ByteString(cString: $0) }
    }.dropFirst()
}
