/**
 * Storms of ten simulated minutes over clusters of mixed sizes and times: blow after blow with calm between
 * them, as a bad night in a machine room. Sizes: of ten, six of 2-3 servers, three of 4-6, one of 7-16.
 * Intuition: a short storm finds what one evil second does; a long one finds what is left behind.
 * Source: reliability.md 6 (10 simulated minutes, N drawn); work order 4, Speed and size.
 */
import { Prng } from "../../hal/base/prng.ts";
import { configOf, type SettingName } from "./settings.ts";
import { drawStorm, type Storm, type StormFault } from "./storm.ts";

export const LONG_MS = 600_000;

const SMALL: readonly SettingName[] = [
  "com-disk",
  "com-disk-3s",
  "com-disk-30s",
  "com-disk-watchdog",
  "com-10s",
  "disk-10s",
  "none-10s",
  "majority-3-3s",
  "majority-3-30s",
];
const MIDDLE: readonly SettingName[] = [
  "majority-4-10s",
  "majority-4-30s",
  "majority-5",
  "majority-6-10s",
];
const LARGE: readonly SettingName[] = [
  "majority-7-10s",
  "majority-9-30s",
  "majority-16-3s",
  "majority-16-30s",
];
/** A whole storm is laid in every stretch of so many timeouts. */
const STRETCH_TIMEOUTS = 40;

export function drawLong(seed: number, only?: SettingName): Storm {
  const random = new Prng(seed ^ 0x10f6);
  const tenth = random.below(10);
  const among = tenth < 6 ? SMALL : tenth < 9 ? MIDDLE : LARGE;
  const setting = only ?? among[random.below(among.length)] ?? "com-disk";
  const { timeoutMs } = configOf(setting).budget;
  const stretchMs = STRETCH_TIMEOUTS * timeoutMs;
  const faults: StormFault[] = [];
  // The last stretch is calm, so that everything has healed at the end.
  for (let fromMs = 0; fromMs + 2 * stretchMs < LONG_MS || fromMs === 0; fromMs += stretchMs) {
    const part = drawStorm(random.u32(), setting);
    for (const fault of part.faults) {
      const atMs = fromMs + fault.atMs * Math.max(1, timeoutMs / 1000);
      // What would last until the healing of a short storm lasts as long here.
      const forMs = fault.forMs > 0 ? fault.forMs : Math.max(1, part.healAtMs - fault.atMs);
      const whole = { ...fault, atMs: Math.round(atMs), forMs, key: faults.length };
      if (whole.atMs < LONG_MS) faults.push(whole);
    }
  }
  return { version: 2, setting, seed, healAtMs: LONG_MS, faults, tendMs: stretchMs };
}
