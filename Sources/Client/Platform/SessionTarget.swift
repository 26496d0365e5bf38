/// The target of a session: a capture point, and the instance that the platform has there at the time.
struct SessionTarget: Equatable, Sendable {
    let point: CapturePoint
    let instance: Instance
}
