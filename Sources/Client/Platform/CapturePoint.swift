/// A place where packets are captured: an interface of an instance.
struct CapturePoint: Hashable, Sendable {
    /// The instance.
    let instance: InstanceID
    /// The interface in its container.
    let interface: String
    /// Whether the run captures other interfaces of the instance as well, so that messages name this one.
    let isOneOfSeveral: Bool

    /// Names an interface of an instance.
    init(_ instance: InstanceID, interface: String, isOneOfSeveral: Bool = false) {
        self.instance = instance
        self.interface = interface
        self.isOneOfSeveral = isOneOfSeveral
    }

    /// Returns the points of an instance, one for each interface.
    static func all(of instance: InstanceID, _ interfaces: [String]) -> [CapturePoint] {
        interfaces.map { CapturePoint(instance, interface: $0, isOneOfSeveral: interfaces.count > 1) }
    }
}

extension CapturePoint {
    /// Hashes the instance alone: points of one instance are few.
    func hash(into hasher: inout Hasher) {
        hasher.combine(instance)
    }
}

extension CapturePoint: CustomStringConvertible {
    /// `PROCESS/INDEX`, or `PROCESS/INDEX INTERFACE` where the run captures several interfaces.
    var description: String { isOneOfSeveral ? "\(instance) \(interface)" : "\(instance)" }
}

extension CapturePoint: Comparable {
    /// By instance, then by interface.
    static func < (left: CapturePoint, right: CapturePoint) -> Bool {
        (left.instance, left.interface) < (right.instance, right.interface)
    }
}

extension CaptureOptions {
    /// The capture points of an instance.
    func points(of instance: InstanceID) -> [CapturePoint] {
        CapturePoint.all(of: instance, interfaces)
    }
}
