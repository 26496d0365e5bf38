/// What each option does, in the words of `--help` and of `cf help pcap`.
enum OptionHelp {
    static let summary = "Capture the network traffic of an app, all its instances in one file"

    static let process = "process type, or all of them with 'all' (default: web)"
    static let index = "instances, such as 1 or 0,2-4; may be repeated (default: all)"
    static let output =
        "output file: .pcap or .pcapng, and .gz or .zst to compress; - for standard output (default: capture.pcap)"
    static let filter = "which packets, such as 'tcp port 8080'; see pcap-filter(7)"
    static let interface = "network interface in the container: eth0, lo or any (default: eth0)"
    static let snaplen = "bytes kept of each packet (default: 65535)"
    static let skipHostValidation = "skip the validation of the SSH host key"
    static let duration = "how long to capture, such as 60s, 5m or 1h (default: until stopped)"
    static let hold = "seconds that a packet waits for earlier ones of other instances (default: 1)"
    static let format = "pcap or pcapng, and .gz or .zst to compress (default: by the name of the output)"
    static let quiet = "say nothing but warnings and errors"
    static let force = "overwrite an output file that exists"
    static let noFollow = "do not join instances again that come back, nor those that are new"
    static let wireshark = "show the packets in Wireshark as they come"

    static let examples = [
        "cf pcap APP",
        "cf pcap APP -i 0,2-4 --filter 'tcp port 8080' --interface lo -o app.pcapng",
        "cf pcap APP --duration 60s -o - | tshark -r -",
    ]
}
