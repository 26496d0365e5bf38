/// Instances as people list them: `0`, `2-4` or `0,2-4`.
enum IndexList {
    /// The ranges of a list. Throws what is wrong with it.
    static func parse(_ text: String) throws(UsageError) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = item.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(bounds.count), let first = index(bounds[0]),
                let last = index(bounds[bounds.count - 1])
            else { throw UsageError("'\(text)' is no list of instances, write 0 or 2-4 or 0,2-4") }
            guard first <= last else {
                throw UsageError("'\(item)' ends before it begins, write \(last)-\(first)")
            }
            ranges.append(first...last)
        }
        return ranges
    }

    /// The same instances in ascending order, with each of them once.
    static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, next in
            if let last = merged.last, next.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, next.upperBound)
            } else {
                merged.append(next)
            }
        }
    }

    /// The list as a person would write it.
    static func text(_ ranges: [ClosedRange<Int>]) -> String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    /// Nine digits at most, far above any platform's limit and far below an overflow.
    private static func index(_ digits: Substring) -> Int? {
        digits.count <= 9 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
}
