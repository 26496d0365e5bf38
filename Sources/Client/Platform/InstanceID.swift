/// One instance of one process of an app, as people write it: `web/0`.
public struct InstanceID: Hashable, Sendable {
    /// The type of the process, such as `web` or `worker`.
    public let process: String
    /// Counts from 0.
    public let index: Int

    /// Names an instance.
    public init(process: String, index: Int) {
        self.process = process
        self.index = index
    }
}

extension InstanceID: CustomStringConvertible {
    /// `PROCESS/INDEX`.
    public var description: String { "\(process)/\(index)" }
}

extension InstanceID: Comparable {
    /// By process, then by index.
    public static func < (left: InstanceID, right: InstanceID) -> Bool {
        (left.process, left.index) < (right.process, right.index)
    }
}
