import Testing

@testable import Client

@Suite("The watch for crashes")
struct CrashWatchTests {
    private let start = ContinuousClock.now

    private func instance(
        _ index: Int, _ state: Instance.State = .running, guid: String = "first", details: String = ""
    )
        -> Instance
    {
        Instance(id: InstanceID(process: "web", index: index), state: state, guid: guid, host: "", details: details)
    }

    @Test
    func `believes a crash when the platform tells it, and waits until it does`() {
        var watch = CrashWatch()
        #expect(watch.update([instance(0, .crashed)], at: start).isEmpty && !watch.isWaiting, "nobody is suspected")
        watch.suspect(instance(0), at: start)
        #expect(watch.update([instance(0)], at: start).isEmpty && watch.isWaiting, "the platform may not know yet")
        let crash = watch.update([instance(0, .crashed, details: "Exited with\nstatus 137")], at: start + .seconds(2))
            .first
        #expect(crash?.id.index == 0 && crash?.description == "the platform says crashed, Exited with status 137")
        #expect(!watch.isWaiting)
    }

    @Test(arguments: [
        (Instance.State.down, "first", "the platform says down"), (.starting, "second", "the platform says starting"),
        (.running, "second", "it was restarted"), (.crashed, "", "the platform says crashed"),
    ])
    func `takes for a crash that the instance does not run or is another one`(
        state: Instance.State, guid: String, description: String
    ) {
        var watch = CrashWatch()
        watch.suspect(instance(3), at: start)
        #expect(
            watch.update([instance(2), instance(3, state, guid: guid)], at: start).first?.description == description)
    }

    @Test
    func `tells all that have crashed by one answer of the platform`() {
        var watch = CrashWatch()
        for index in 0...2 { watch.suspect(instance(index), at: start) }
        let answer = [instance(0, .crashed), instance(1), instance(2, .crashed)]
        #expect(watch.update(answer, at: start).map(\.id.index) == [0, 2])
        #expect(watch.unexplained.map(\.index) == [1])
    }

    @Test
    func `does not wait for ever for a platform that gives no answer`() {
        var watch = CrashWatch()
        watch.suspect(instance(0), at: start)
        watch.expire(at: start + .seconds(29))
        #expect(watch.isWaiting)
        watch.expire(at: start + .seconds(31))
        #expect(!watch.isWaiting)
    }

    @Test
    func `takes for none that a session was cut, or the process scaled down`() {
        var watch = CrashWatch()
        watch.suspect(instance(0), at: start)
        watch.suspect(instance(1), at: start)
        #expect(watch.update([instance(0)], at: start + .seconds(10)).isEmpty && watch.isWaiting)
        #expect(watch.update([instance(0)], at: start + .seconds(31)).isEmpty && !watch.isWaiting)
        #expect(watch.update([instance(0, .crashed)], at: start + .seconds(40)).isEmpty, "that is another story")
    }
}
