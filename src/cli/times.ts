/** Times as people read them: by their own clock, and how long from now. JSON and logs have UTC. */

/** `17:01, in 59 min`; with the date where it is not today: `2026-11-29 05:01, in 11 h 40 min`; `17:01, 5 min ago`. */
export function formatUntil(at: Date, now: Date): string {
  const minutes = (at.getTime() - now.getTime()) / 60_000;
  if (minutes > -1 && minutes < 0) return `${formatTime(at, now)}, just now`;
  return `${formatTime(at, now)}, ${minutes >= 0 ? `in ${formatMinutes(minutes)}` : `${formatMinutes(-minutes)} ago`}`;
}

/** `17:01`, or with the date where it is not today. */
export function formatTime(at: Date, now: Date): string {
  const clock = `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
  const date = (day: Date): string =>
    `${day.getFullYear()}-${twoDigits(day.getMonth() + 1)}-${twoDigits(day.getDate())}`;
  return date(at) === date(now) ? clock : `${date(at)} ${clock}`;
}

/** `59 min`, `11 h 40 min`, `3 d 2 h`; whole minutes, rounded down. */
export function formatMinutes(minutes: number): string {
  const whole = Math.floor(minutes);
  if (whole < 60) return `${whole} min`;
  const hours = Math.floor(whole / 60);
  if (hours < 48) return whole % 60 === 0 ? `${hours} h` : `${hours} h ${whole % 60} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, "0");
}
