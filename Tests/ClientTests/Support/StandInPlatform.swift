import Foundation
import Testing

@testable import Client

/// A `cf` that answers from files in the folder that it stands in: `app.out`, `v3_processes_….out` and so on. Beside them,
/// `.err` is a failure, `.once` one that happens once, `.odd` an answer that is given once, `.after` a call to wait for,
/// `.sh` a script to run first.
struct Platform {
    let folder: TemporaryFolder

    init(_ answers: [String: String]) throws {
        folder = try TemporaryFolder()
        try folder.addExecutable(
            "cf",
            #"""
            #!/bin/sh
            home=$CF_HOME; cd "$(dirname "$0")" && echo "$*|$CF_HOME|$CF_PLUGIN_HOME|$CF_TRACE" >> calls
            cat "$home/.cf/config.json" >> configurations
            case $1 in curl) name=$(printf %s "${2#/}" | tr '/?' __) ;; *) name=$1 ;; esac
            tries=0
            while [ -e "$name.after" ] && ! grep -q "$(cat "$name.after")" calls && [ $tries -lt 100 ]; do
                tries=$((tries + 1)); sleep 0.1
            done
            [ -e "$name.sh" ] && . "./$name.sh"
            [ -e "$name.odd" ] && cat "$name.odd" && rm "$name.odd" && exit 0
            [ -e "$name.once" ] && cat "$name.once" >&2 && rm "$name.once" && exit 1
            [ -e "$name.err" ] && cat "$name.err" >&2 && exit 1
            [ -e "$name.out" ] && cat "$name.out" && exit 0
            echo '{"errors":[{"code":10010,"title":"CF-ResourceNotFound","detail":"Not found"}]}'
            """#)
        try folder.add(
            "home/.cf/config.json",
            #"{"Target":"https://api","OrganizationFields":{"Name":"o"},"SpaceFields":{"Name":"s"}}"#)
        try folder.add("oauth-token.out", "bearer secret\n")
        try folder.add("tmp/x", "")
        for (name, text) in answers { try folder.add(name, text) }
    }

    var environment: [String: String] {
        [
            "PATH": "\(folder.path):/usr/bin:/bin", "CF_HOME": folder.path + "/home", "TMPDIR": folder.path + "/tmp",
            "CF_PLUGIN_HOME": "/plugins", "CF_TRACE": "true",
        ]
    }

    func open() async throws -> CF { try await CF.open(environment: environment) }

    /// The configurations that cf has run with, in order.
    var configurations: [String] {
        get throws {
            try String(contentsOfFile: folder.path + "/configurations", encoding: .utf8)
                .replacing("}{", with: "}\n{").split(separator: "\n").map(String.init)
        }
    }

    var calls: [String] {
        get throws {
            try String(contentsOfFile: folder.path + "/calls", encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }
}

/// Asks a platform with these answers; its folder stays until the end.
func withPlatform(
    _ answers: [String: String] = [:], _ body: (Platform, CF) async throws -> Void
) async throws {
    let platform = try Platform(answers)
    let cf = try await platform.open()
    do {
        try await body(platform, cf)
    } catch {
        Issue.record(error)
    }
    await cf.close()
    withExtendedLifetime(platform.folder) {}
}

/// Returns the description of the error that a body throws; nil if it throws none.
func failure<Value>(_ body: () async throws -> Value) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch {
        return "\(error)"
    }
}
