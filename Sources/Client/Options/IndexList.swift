/// Instances as people list them: `0`, `2-4` or `0,2-4`.
struct IndexList: Sendable, Equatable {
    /// The ranges in the order of the list.
    let ranges: [ClosedRange<Int>]

    /// Reads a list. Throws UsageError with what to write instead.
    init(_ text: String) throws(UsageError) {
        var ranges: [ClosedRange<Int>] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = item.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(bounds.count), let first = Self.index(bounds[0]),
                let last = Self.index(bounds[bounds.count - 1])
            else { throw UsageError("write 0 or 2-4 or 0,2-4") }
            guard first <= last else {
                throw UsageError("'\(item)' ends before it begins, write \(last)-\(first)")
            }
            ranges.append(first...last)
        }
        self.ranges = ranges
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

    /// Returns the ranges without these indices. A range may be far longer than any app has instances.
    static func difference(_ ranges: [ClosedRange<Int>], _ indices: [Int]) -> [ClosedRange<Int>] {
        let indices = indices.sorted()
        return ranges.flatMap { range in
            var (rest, next): ([ClosedRange<Int>], Int) = ([], range.lowerBound)
            for index in indices where range.contains(index) {
                if index > next { rest.append(next...index - 1) }
                next = index + 1
            }
            return next <= range.upperBound ? rest + [next...range.upperBound] : rest
        }
    }

    /// The list as a person would write it.
    static func text(_ ranges: [ClosedRange<Int>]) -> String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    /// Returns an index of nine digits at most, far above any platform's limit and far below an overflow.
    private static func index(_ digits: Substring) -> Int? {
        digits.count <= 9 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
}
