import Testing

@testable import Client

@Suite("The limits of --rotate")
struct RotationTests {
    @Test(arguments: [
        ("100MB", "100 MB"), ("100M", "100 MB"), ("1.5GB", "1500 MB"), ("2G", "2 GB"), ("10K", "10 KB"),
        ("12345KB", "12345 KB"), ("10m", "10 minutes"), ("1m", "1 minute"), ("90s", "90 seconds"), ("1h", "1 hour"),
        ("48h", "2 days"), ("1d", "1 day"), ("1.5s", "1500 milliseconds"),
        ("100MB,10m", "100 MB or 10 minutes, whichever comes first"),
        ("10m,100MB", "100 MB or 10 minutes, whichever comes first"),
    ])
    func `are told as they were understood`(text: String, description: String) throws {
        #expect(try Rotation(text).description == description)
    }

    @Test
    func `are bytes in powers of 1000, and times`() throws {
        let limits = try Rotation("1.5MB,10m")
        #expect(limits.size == 1_500_000 && limits.time == .seconds(600))
    }
}
