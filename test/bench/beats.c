/*
 * beats - a tap in the switch: a line "MONOTONIC_MS PORT KIND" for every sign of life that enters
 * it from a server. KIND is `beat` for UDP to one of the given ports and `vrrp` for IP protocol
 * 112. Usage: beats UDP_PORT... Ends at end of file on its standard input. SCHED_FIFO as the
 * probe, and for the same reason.
 * With `beats -d IPV4_ADDRESS UDP_PORT...` it tells what arrives at that address instead, at the moment
 * at which the kernel hands it to the receiver's socket; PORT is then the UDP port.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REAL_TIME_PRIORITY = 50, PORTS_MAX = 8, VRRP = 112 };

static double monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* The UDP port if the packet is for `address` and one of the ports, else 0. */
static int arrival(const unsigned char *packet, ssize_t bytes, in_addr_t address, const int *ports,
                   int count) {
  if (bytes < (ssize_t)sizeof(struct iphdr)) return 0;
  const struct iphdr *ip = (const void *)packet;
  ssize_t header = ip->ihl * 4;
  if (ip->protocol != IPPROTO_UDP || ip->daddr != address) return 0;
  if (bytes < header + (ssize_t)sizeof(struct udphdr)) return 0;
  const struct udphdr *udp = (const void *)(packet + header);
  for (int i = 0; i < count; i++)
    if (ntohs(udp->dest) == ports[i]) return ports[i];
  return 0;
}

static const char *kind_of(const unsigned char *packet, ssize_t bytes, const int *ports,
                           int count) {
  if (bytes < (ssize_t)sizeof(struct iphdr)) return NULL;
  const struct iphdr *ip = (const void *)packet;
  if (ip->protocol == VRRP) return "vrrp";
  ssize_t header = ip->ihl * 4;
  if (ip->protocol != IPPROTO_UDP || bytes < header + (ssize_t)sizeof(struct udphdr)) return NULL;
  const struct udphdr *udp = (const void *)(packet + header);
  for (int i = 0; i < count; i++)
    if (ntohs(udp->dest) == ports[i]) return "beat";
  return NULL;
}

int main(int argc, char **argv) {
  int ports[PORTS_MAX], count = 0;
  in_addr_t address = INADDR_NONE;
  int first = 1;
  if (argc > 2 && !strcmp(argv[1], "-d")) {
    address = inet_addr(argv[2]);
    if (address == INADDR_NONE) {
      fprintf(stderr, "beats: expected an IPv4 address after -d\n");
      return 2;
    }
    first = 3;
  }
  for (int i = first; i < argc && count < PORTS_MAX; i++) ports[count++] = atoi(argv[i]);
  struct sched_param urgent = {.sched_priority = REAL_TIME_PRIORITY};
  if (sched_setscheduler(0, SCHED_FIFO, &urgent)) perror("beats: SCHED_FIFO");
  setvbuf(stdout, NULL, _IOLBF, 0);
  /* All protocols: only such a tap sits before the bridge, which takes the frame from its port. */
  int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
  if (fd < 0) {
    perror("beats: packet socket");
    return 1;
  }
  printf("ready\n");
  struct pollfd watched[2] = {{fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  while (poll(watched, 2, -1) >= 0) {
    if (watched[0].revents) {
      unsigned char packet[128];
      struct sockaddr_ll from;
      socklen_t length = sizeof from;
      ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &length);
      double at = monotonic_ms();
      char port[IF_NAMESIZE];
      if (address != INADDR_NONE) {
        int to = got > 0 && from.sll_pkttype == PACKET_HOST
                     ? arrival(packet, got, address, ports, count)
                     : 0;
        if (to) printf("%.3f %d beat\n", at, to);
      }
      /* Only what enters at a server's port (s<number>...), no leaving frame, no bridge's copy. */
      else if (got > 0 && from.sll_protocol == htons(ETH_P_IP) && from.sll_pkttype != PACKET_OUTGOING &&
          if_indextoname((unsigned)from.sll_ifindex, port) && port[0] == 's') {
        const char *kind = kind_of(packet, got, ports, count);
        if (kind) printf("%.3f %s %s\n", at, port, kind);
      }
    }
    if (watched[1].revents) {
      char ignored[16];
      if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) break;
    }
  }
  return 0;
}
