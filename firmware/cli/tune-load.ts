/**
 * Makes this machine busy while `kage tune` measures: one process per core that computes and fills memory
 * with garbage, at ordinary priority. Each ends by itself after its time or when its parent is gone, so that
 * a killed `kage` leaves no load behind. Source: D51; guide 3.2 (evaluate under production load).
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

export interface Load {
  readonly count: number;
  /** Ends it at once; resolves when all its processes are gone. */
  stop(): Promise<void>;
}

/** Looks at clock and parent every few milliseconds of work. */
const SPIN = `
const parent = process.ppid;
const endMs = performance.now() + Number(process.argv[1]);
const heap = [];
process.stdout.write("busy\\n");
while (performance.now() < endMs && process.ppid === parent) {
  for (let i = 0; i < 20000; i += 1) heap[i % 5000] = { i, text: String(i) };
}`;

/** For at most `forMs`. A process that cannot be started makes the load smaller. */
export async function startLoad(forMs: number, count = availableParallelism()): Promise<Load> {
  const children = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, ["-e", SPIN, String(forMs)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const gone = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    const busy = new Promise<boolean>((resolve) => {
      child.stdout.once("data", () => resolve(true));
      void gone.then(() => resolve(false));
    });
    return { child, gone, busy };
  });
  const running = await Promise.all(children.map(({ busy }) => busy));
  return {
    count: running.filter((isBusy) => isBusy).length,
    async stop() {
      for (const { child } of children) child.kill("SIGKILL");
      await Promise.all(children.map(({ gone }) => gone));
    },
  };
}
