// Replaces libpcap's capture sources that have no use in a container.
//
// Before libpcap opens a network interface, it asks each of its other capture sources whether the name is theirs (pcap.c,
// pcap_create). Each replacement returns "no". The linker prefers the replacements, which leaves libpcap's own sources, and
// dbus with them, out of a static executable. If libpcap was built without a source, the linker removes the replacement.
#include <pcap/pcap.h>

struct pcap_if_list;

#define NO_CAPTURE_SOURCE(create, find_all)                                      \
    pcap_t *create(const char *device, char *errors, int *is_mine) {             \
        (void)device, (void)errors;                                              \
        *is_mine = 0;                                                            \
        return NULL;                                                             \
    }                                                                            \
    int find_all(struct pcap_if_list *devices, char *errors) {                   \
        (void)devices, (void)errors;                                             \
        return 0;                                                                \
    }

NO_CAPTURE_SOURCE(bt_create, bt_findalldevs)
NO_CAPTURE_SOURCE(bt_monitor_create, bt_monitor_findalldevs)
NO_CAPTURE_SOURCE(dbus_create, dbus_findalldevs)
NO_CAPTURE_SOURCE(netfilter_create, netfilter_findalldevs)
NO_CAPTURE_SOURCE(rdmasniff_create, rdmasniff_findalldevs)
NO_CAPTURE_SOURCE(usb_create, usb_findalldevs)
