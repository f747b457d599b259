/*
 * probe - asks a floating address every few ms and writes a line per answer: "MONOTONIC_MS
 * SERVER". Usage: probe ADDRESS PORT INTERVAL_MS. Ends at end of file on its standard input. Runs
 * at SCHED_FIFO 50, so that a loaded machine delays what is measured and not the meter. The last
 * line is "end SENT ANSWERED".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { REAL_TIME_PRIORITY = 50, ANSWER_BYTES = 128 };

static double monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
    fprintf(stderr, "usage: probe ADDRESS PORT INTERVAL_MS\n");
    return 2;
  }
  to.sin_port = htons(atoi(argv[2]));
  long interval_ns = (long)(atof(argv[3]) * 1e6);
  struct sched_param urgent = {.sched_priority = REAL_TIME_PRIORITY};
  if (sched_setscheduler(0, SCHED_FIFO, &urgent)) perror("probe: SCHED_FIFO");
  setvbuf(stdout, NULL, _IOLBF, 0);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int clock_fd = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec beat = {{interval_ns / 1000000000, interval_ns % 1000000000},
                            {interval_ns / 1000000000, interval_ns % 1000000000}};
  if (fd < 0 || clock_fd < 0 || timerfd_settime(clock_fd, 0, &beat, NULL)) {
    perror("probe");
    return 1;
  }
  long sent = 0, answered = 0;
  struct pollfd watched[3] = {{fd, POLLIN, 0}, {clock_fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  while (poll(watched, 3, -1) >= 0) {
    if (watched[0].revents) {
      char answer[ANSWER_BYTES];
      ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
      if (got > 0) {
        double at = monotonic_ms();
        answer[got] = 0;
        answer[strcspn(answer, " \n")] = 0;
        printf("%.3f %s\n", at, answer);
        answered++;
      }
    }
    if (watched[1].revents) {
      uint64_t ticks;
      if (read(clock_fd, &ticks, sizeof ticks) == sizeof ticks) {
        char question[32];
        int length = snprintf(question, sizeof question, "%ld", ++sent);
        /* Not connected: a refusal (ICMP) between two owners is silence, not an error to handle. */
        (void)!sendto(fd, question, (size_t)length, 0, (struct sockaddr *)&to, sizeof to);
      }
    }
    if (watched[2].revents) {
      char ignored[16];
      if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) break;
    }
  }
  printf("end %ld %ld\n", sent, answered);
  return 0;
}
