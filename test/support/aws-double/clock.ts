/** The double's own clock: the machine's, moved by an offset that tests choose. */
export type Clock = {
  now: () => Date;
  /** Moves the clock on by so many milliseconds: sessions expire, codes change. */
  advance: (milliseconds: number) => void;
  /** Sets how far the clock is ahead of (or, negative, behind) the machine's, in milliseconds. */
  setOffset: (milliseconds: number) => void;
};

/** A clock that starts with the machine's time. */
export function createClock(): Clock {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    advance: (milliseconds) => {
      offset += milliseconds;
    },
    setOffset: (milliseconds) => {
      offset = milliseconds;
    },
  };
}
