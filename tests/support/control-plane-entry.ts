import type { ReconcilerTiming } from "../../src/delivery/leader/controller-settings";
import type { FaultPoint } from "../../src/delivery/protocol/target";
import { readEnvironment } from "../../src/main/settings/environment";
import { type RunningServer, startServer } from "../../src/main/start-server";

/**
 * A control plane in a process of its own, for tests: what `npm start` runs, without the console, and with a parent that
 * can hold a delivery at any of its named points over the process's message channel.
 */

/** What is not as in production, as JSON in the first parameter. */
export interface EntryOptions {
  readonly timing?: Partial<ReconcilerTiming>;
  /** What DNS answers; every other name has no address. Without it, the machine's own resolver is asked. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** What the parent says: hold the `nth` passing of a point from now on, or hold nothing and let go on. */
export type Order = { readonly hold: FaultPoint; readonly nth: number } | { readonly goOn: true };

/** What this process says. */
export type Report =
  | { readonly ready: { readonly url: string } }
  | { readonly failed: string }
  | { readonly held: FaultPoint };

let armed: { hold: FaultPoint; nth: number } | null = null;
let letGo: (() => void) | null = null;

const say = (report: Report): void => void process.send?.(report);

process.on("message", (order: Order) => {
  if ("hold" in order) {
    armed = { ...order };
    return;
  }
  armed = null;
  letGo?.();
  letGo = null;
});

async function faultPoint(point: FaultPoint): Promise<void> {
  if (armed === null || armed.hold !== point || --armed.nth > 0) return;
  armed = null;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  say({ held: point });
  await gone;
}

let server: RunningServer | null = null;
process.once("SIGTERM", async () => {
  await server?.stop();
  process.exit(0);
});
process.once("disconnect", () => process.exit(0)); // nobody is left who would end it

const { timing, names } = JSON.parse(process.argv[2] ?? "{}") as EntryOptions;

try {
  server = await startServer(readEnvironment(process.env), {
    faultPoint,
    ...(timing ? { timing } : {}),
    ...(names ? { resolver: { addresses: async (name) => names[name] ?? [] } } : {}),
  });
  say({ ready: { url: `http://127.0.0.1:${server.port}` } }); // its public address leads to no process of a test
} catch (error) {
  say({ failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  process.exit(1);
}
