import Client

@main
struct CFPcapClient {
    static func main() async {
    }
}
