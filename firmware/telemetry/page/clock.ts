/** A clock for the ages on the page: ticks once a second, and only what shows an age is drawn again. */
import { useEffect, useState } from "preact/hooks";

const TICK_MS = 1000;

/** Milliseconds of the reader's own clock. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return Math.max(nowMs, Date.now());
}
