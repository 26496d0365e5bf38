extension BPFProgram.Refusal {
    /// The reason in words: the need of the filter, the kernel's limit, and how to write the filter shorter. Reads
    /// `net.core.optmem_max`, which not every container shows.
    var description: ByteString {
        let shorter: ByteString =
            "write it shorter, with 'net 10.0.0.0/24' for hosts and 'portrange 8000-8100' for ports"
        switch self {
        case .tooManyInstructions(let count):
            return "it needs \(count) instructions, and the kernel takes \(BPFProgram.maximumCount): \(shorter)"
        case .tooMuchMemory(let count):
            let limit = contents(of: "/proc/sys/net/core/optmem_max").map { ByteString($0.prefix { $0 != 0x0A }) }
            let there = limit.map { ", \($0) bytes here" as ByteString } ?? ""
            return """
                it needs \(count) instructions, for which a socket has too little of the kernel's memory \
                (net.core.optmem_max\(there)): \(shorter)
                """
        case .invalidInstruction:
            return "the kernel takes no loop, which protochain makes: write 'ip6 proto 6', without chains of headers"
        case .failed(let error):
            return "the kernel cannot be asked whether it takes it: \(error.description)"
        }
    }
}
