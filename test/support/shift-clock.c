/* Preloaded with LD_PRELOAD it does to a stand-alone program what shift-clock.cjs does to node: the wall clock is
 * TEST_WALL_OFFSET seconds ahead, the uptime TEST_UPTIME_OFFSET, or both as the file TEST_OFFSET_FILE says at the time; timers
 * are as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t offset(const char *name) {
  const char *file = getenv("TEST_OFFSET_FILE");
  if (file != NULL) {
    char digits[32] = "";
    int open_file = open(file, O_RDONLY | O_CLOEXEC);
    if (open_file < 0) return 0;
    ssize_t length = read(open_file, digits, sizeof digits - 1);
    close(open_file);
    return length <= 0 ? 0 : (time_t)atol(digits);
  }
  const char *text = getenv(name);
  return text == NULL ? 0 : (time_t)atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, out);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) out->tv_sec += offset("TEST_WALL_OFFSET");
  if (clock == CLOCK_BOOTTIME) out->tv_sec += offset("TEST_UPTIME_OFFSET");
  return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(out, zone);
  out->tv_sec += offset("TEST_WALL_OFFSET");
  return result;
}

int sysinfo(struct sysinfo *out) {
  static int (*real)(struct sysinfo *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "sysinfo");
  int result = real(out);
  out->uptime += offset("TEST_UPTIME_OFFSET");
  return result;
}
