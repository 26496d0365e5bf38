/// Several instances as people write them: `web/0-2,5, worker/1`.
enum InstanceNames {
    /// The names of instances, each of them once, in their order.
    static func text(_ instances: some Sequence<InstanceID>) -> String {
        Dictionary(grouping: instances, by: \.process).sorted { $0.key < $1.key }
            .map { text($0.key, IndexList.merged($0.value.map { $0.index...$0.index })) }
            .joined(separator: ", ")
    }

    /// The names of the instances of one process.
    static func text(_ process: String, _ indices: [ClosedRange<Int>]) -> String {
        "\(process)/\(IndexList.text(indices))"
    }
}
