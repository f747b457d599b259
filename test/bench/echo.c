/*
 * echo - the bench's minimal service: answers every UDP datagram with "NAME DATAGRAM" from the
 * address it was asked at, so that floating addresses work. Usage: echo PORT NAME. Ends at once
 * on TERM, like a service that has nothing to save.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { REQUEST_BYTES = 64 };

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: echo PORT NAME\n");
    return 2;
  }
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int on = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  /* IP_PKTINFO tells the address that was asked; handed back, the answer leaves from there. */
  if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) ||
      bind(fd, (struct sockaddr *)&any, sizeof any)) {
    perror("echo");
    return 1;
  }
  for (;;) {
    char request[REQUEST_BYTES], control[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct sockaddr_in from;
    struct iovec in = {request, sizeof request};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &in,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      perror("echo");
      return 1;
    }
    struct iovec out[3] = {{argv[2], strlen(argv[2])}, {" ", 1}, {request, (size_t)got}};
    message.msg_iov = out;
    message.msg_iovlen = 3;
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    if (part && part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(part);
      info->ipi_spec_dst = info->ipi_addr;
      info->ipi_ifindex = 0;
    }
    /* The client may be gone or the address withdrawn between question and answer. */
    if (sendmsg(fd, &message, 0) < 0 && errno != EINVAL && errno != ENETUNREACH &&
        errno != EHOSTUNREACH && errno != ECONNREFUSED && errno != EPERM && errno != ENODEV)
      perror("echo: answer");
  }
}
