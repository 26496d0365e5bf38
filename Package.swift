// swift-tools-version: 6.2
import PackageDescription

// `scripts/build` sets CF_PCAP_STATIC: Embedded Swift, everything linked in. Without it the same sources build as
// ordinary Swift, for unit tests and fuzzing. The switch stands here and not under `.when(configuration:)` because
// naming the Embedded feature at all makes SwiftPM drop the runtime search path from debug executables.
let isStatic = Context.environment["CF_PCAP_STATIC"] != nil

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error, .when(configuration: .debug)),
    // Linux's own calls in the system headers, as for the C files.
    .unsafeFlags(["-Xcc", "-D_GNU_SOURCE"]),
]

let embedded: [SwiftSetting] = [
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(["-wmo", "-Osize", "-Xfrontend", "-function-sections"]),
    // Incremental code generation would leave a hash of the compiler's arguments, and so of the build's folder.
    .unsafeFlags(["-Xfrontend", "-disable-incremental-llvm-codegen"]),
]

let staticLink: [LinkerSetting] = [
    // At another address each time, and read-only where nothing is written once it is relocated.
    .unsafeFlags(["-use-ld=lld", "-Xclang-linker", "-static-pie"]),
    .unsafeFlags(["-z", "relro", "-z", "now", "-z", "noexecstack"].flatMap { ["-Xlinker", $0] }),
    // Nothing that is not used, twice the same, or only of use to a debugger.
    .unsafeFlags(
        [
            "--gc-sections", "--icf=all", "--strip-all", "--build-id=none", "--no-eh-frame-hdr",
            "\(Context.packageDirectory)/Sources/CLinux/no-unwind-tables.ld",
        ].flatMap { ["-Xlinker", $0] }),
    // Embedded Swift takes no library names from module maps.
    .linkedLibrary("pcap"),
    .linkedLibrary("cap"),
]

// The C compiler checks the sizes of copies only where it optimizes.
let optimized = ["-Os", "-ffunction-sections", "-fPIE", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=3"]

let swiftSettings = isStatic ? strict + embedded : strict

// `scripts/fuzz` sets CF_PCAP_FUZZ.
let fuzzing: [Target] =
    Context.environment["CF_PCAP_FUZZ"] == nil
    ? []
    : [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: ["Agent", "CLibFuzzer"],
            path: "Tests/Fuzz/Fuzz",
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]
        ),
    ]

// The static build needs no tests, and may come without their sources.
let testing: [Target] =
    isStatic ? [] : [.testTarget(name: "AgentTests", dependencies: ["Agent"], swiftSettings: strict)]

// The client stands on packages; the agent's own build names none of them.
let clientPackages: [Package.Dependency] =
    isStatic
    ? []
    : [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        // Without its trait for all of Foundation, of which the client needs the essentials alone.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ]

let client: [Target] =
    isStatic
    ? []
    : [
        .systemLibrary(name: "CMemory"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CZstd"),
        .target(
            name: "Client",
            dependencies: [
                "CCaptureSources", "CMemory", "CPcap", "CZlib", "CZstd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "cf-pcap-client", dependencies: ["Client"], swiftSettings: strict),
        // libpcap tells what the filters that the client writes select.
        .testTarget(name: "ClientTests", dependencies: ["Client", "CPcap"], swiftSettings: strict),
    ]

let package = Package(
    name: "cf-pcap",
    platforms: [.macOS(.v15)],
    dependencies: clientPackages,
    targets: [
        .systemLibrary(name: "CPcap"),
        .systemLibrary(name: "CCapability"),
        .target(
            name: "CLinux",
            exclude: ["no-unwind-tables.ld"],
            cSettings: [
                .define("_GNU_SOURCE"),
                .unsafeFlags(["-Wall", "-Wextra", "-Werror"] + (isStatic ? optimized : [])),
            ]
        ),
        .target(
            name: "CCaptureSources",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"] + (isStatic ? optimized : []))]
        ),
        .target(
            name: "Agent", dependencies: ["CPcap", "CCapability", "CCaptureSources", "CLinux"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "cf-pcap",
            dependencies: ["Agent"],
            swiftSettings: swiftSettings,
            linkerSettings: isStatic ? staticLink : []
        ),
    ] + testing + fuzzing + client
)
