/// One instance of one process of an app, as people write it: `web/0`.
struct InstanceID: Hashable, Sendable {
    /// The type of the process, such as `web` or `worker`.
    let process: String
    /// Counts from 0.
    let index: Int
}

extension InstanceID: CustomStringConvertible {
    /// `PROCESS/INDEX`.
    var description: String { "\(process)/\(index)" }
}

extension InstanceID: Comparable {
    /// By process, then by index.
    static func < (left: InstanceID, right: InstanceID) -> Bool {
        (left.process, left.index) < (right.process, right.index)
    }
}
