/// The names of several instances as people write them: `web/0-2,5, worker/1`.
enum InstanceNames {
    /// The names of capture points, each of them once, in their order: `web/0-2 lo` where the run captures several
    /// interfaces.
    static func text(_ points: some Sequence<CapturePoint>) -> String {
        Dictionary(grouping: points) { [$0.instance.process, $0.isOneOfSeveral ? " \($0.interface)" : ""] }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { names, points in
                text(names[0], IndexList.merged(points.map { $0.instance.index...$0.instance.index })) + names[1]
            }
            .joined(separator: ", ")
    }

    /// The names of the instances of one process.
    static func text(_ process: String, _ indices: [ClosedRange<Int>]) -> String {
        "\(process)/\(IndexList.text(indices))"
    }
}
