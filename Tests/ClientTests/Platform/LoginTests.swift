import Foundation
import Testing

@testable import Client

private let app = App(name: "demo", guid: "a-1")
private let expired =
    "The token expired, was revoked, or the token ID is incorrect. Please log back in to re-authenticate.\n"
private let stats = #"{"resources":[{"index":0,"state":"RUNNING"}]}"#

/// The configuration of a login whose access token ends in that many seconds.
private func configuration(endsIn seconds: Int = 3600, refresh: String = "r-1", grant: String = "") -> String {
    let claims = Data(#"{"exp":\#(Int(Date().timeIntervalSince1970) + seconds)}"#.utf8).base64EncodedString()
    let token = "e30.\(claims.replacing("=", with: "").replacing("+", with: "-").replacing("/", with: "_")).c2ln"
    return """
        {"Target":"https://api","OrganizationFields":{"Name":"o"},"SpaceFields":{"Name":"s"},\
        "AccessToken":"bearer \(token)","RefreshToken":"\(refresh)","UAAGrantType":"\(grant)"}
        """
}

@Suite("A login with cf")
struct LoginTests {
    /// A question to the API.
    private func ask(_ cf: CF) async throws(PlatformError) {
        let _: API.List<API.Stats> = try await cf.get("/v3/x")
    }

    private func kind(_ body: () async throws(PlatformError) -> Void) async -> PlatformError.Kind? {
        do throws(PlatformError) {
            try await body()
            return nil
        } catch {
            return error.kind
        }
    }

    @Test(arguments: [
        ("", "'cf login'"), ("client_credentials", "'cf auth CLIENT_ID CLIENT_SECRET --client-credentials'"),
    ])
    func `that cannot be renewed is told with the command that makes it anew`(grant: String, remedy: String)
        async throws
    {
        try await withPlatform(["v3_x.out": "\n", "space.err": expired]) { platform, cf in
            try platform.folder.add("home/.cf/config.json", configuration(grant: grant))
            try platform.folder.add("oauth-token.err", expired)
            let text = try #require(await failure { try await ask(cf) })
            #expect(text.contains("log") && text.hasSuffix(remedy), "\(text)")
            #expect(await kind { () async throws(PlatformError) in try await ask(cf) } == .loggedOut)
        }
    }

    @Test
    func `that has ended is not tried again, and a new one is taken by itself`() async throws {
        try await withPlatform(["v3_x.out": "\n", "space.err": expired]) { platform, cf in
            try platform.folder.add("oauth-token.err", expired)
            for _ in 1...3 { #expect(await failure { try await ask(cf) } != nil) }
            let renewals = try platform.calls.count { $0.hasPrefix("oauth-token") }
            #expect(renewals == 1 + 3)
            try platform.folder.add("home/.cf/config.json", configuration())
            try platform.folder.add("v3_x.out", stats)
            try await ask(cf)
            #expect(try platform.calls.count { $0.hasPrefix("oauth-token") } == renewals)
        }
    }

    @Test
    func `is renewed beside another cf that has used up its refresh token, and saves the next one at its end`()
        async throws
    {
        try await withPlatform(["v3_x.out": stats]) { platform, cf in
            try platform.folder.add("home/.cf/config.json", configuration(endsIn: 65))
            // A slow platform: each renewal reads the configuration, and takes a second.
            try platform.folder.add(
                "oauth-token.sh",
                """
                grep -q r-2 home/.cf/config.json; known=$?; sleep 1
                if [ ! -e other ]; then touch other; (sleep 2.5; cat renewed > home/.cf/config.json) >/dev/null 2>&1 & fi
                [ $known = 0 ] || { printf '\(expired.dropLast())\\n' >&2; exit 1; }

                """)
            try platform.folder.add("renewed", configuration(refresh: "r-2"))
            try await ask(cf)
        }
    }

    @Test
    func `is not lost where one token after the other ends before the platform's answer`() async throws {
        try await withPlatform(["v3_x.out": stats]) { platform, cf in
            try platform.folder.add("home/.cf/config.json", configuration(refresh: "r-1"))
            // Each question ends the token that it came with, but for the third.
            try platform.folder.add(
                "curl.sh",
                """
                echo x >> questions; number=$(wc -l < questions)
                [ $number = 3 ] || cat "config-$number" > home/.cf/config.json

                """)
            let revoked = #"{"errors":[{"code":1000,"title":"CF-InvalidAuthToken","detail":"Invalid Auth Token"}]}"#
            try platform.folder.add("v3_x.sh", ". ./curl.sh; [ $number = 3 ] || { echo '\(revoked)'; exit 0; }\n")
            try platform.folder.add("config-1", configuration(endsIn: 3000, refresh: "r-2"))
            try platform.folder.add("config-2", configuration(endsIn: 2000, refresh: "r-3"))
            try await ask(cf)
        }
    }

    @Test
    func `that the platform has revoked is told, though cf takes it for good`() async throws {
        let revoked = #"{"errors":[{"code":1000,"title":"CF-InvalidAuthToken","detail":"Invalid Auth Token"}]}"#
        try await withPlatform(["v3_x.out": revoked]) { platform, cf in
            #expect(await failure { try await ask(cf) } == "cf is no longer logged in: 'cf login'")
        }
    }

    @Test
    func `is renewed in the person's own configuration before its token ends`() async throws {
        try await withPlatform(["v3_x.out": stats]) { platform, cf in
            try platform.folder.add("home/.cf/config.json", configuration(endsIn: 65))
            let renewed = configuration(refresh: "r-2")
            try platform.folder.add("oauth-token.sh", "echo '\(renewed)' > home/.cf/config.json\n")
            try await ask(cf)
            let commands = try platform.calls.map { $0.split(separator: "|")[0] }
            #expect(commands == ["oauth-token", "oauth-token", "curl /v3/x"])
            #expect(try platform.configurations.last?.contains("r-2") == false)
            let own = try String(contentsOfFile: platform.folder.path + "/home/.cf/config.json", encoding: .utf8)
            #expect(own.contains("r-2"))
        }
    }

    @Test
    func `is not blamed where the platform is out of reach`() async throws {
        let words = "Request error: dial tcp: lookup api: no such host\n"
        try await withPlatform(["v3_x.out": "\n", "space.err": words]) { platform, cf in
            let text = await failure { try await ask(cf) }
            #expect(text == "cf space: Request error: dial tcp: lookup api: no such host")
        }
    }

    @Test(arguments: [
        "\n", #"{"errors":[{"code":10001,"title":"UnknownError","detail":"An unknown error occurred."}]}"#,
        "<html>502 Bad Gateway</html>", #"{"errors":[{"code":10015,"title":"CF-StatsUnavailable"}]}"#,
    ])
    func `outlives one answer that is none`(answer: String) async throws {
        try await withPlatform(["v3_x.odd": answer, "v3_x.out": stats, "space.out": "s-1"]) { platform, cf in
            try await ask(cf)
        }
    }

    @Test(arguments: [
        "", "bearer", "bearer a.b", "bearer a.b.c", "bearer a.!!!.c", "bearer e30.e30.c2ln", "a.eyJleHAiOiJ4In0.c",
    ])
    func `has no known end where its token is not one of JSON`(token: String) {
        #expect(Tokens(access: token, refresh: "").expiry == nil)
    }
}
