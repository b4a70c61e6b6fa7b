import type { ReconcilerTiming } from "#src/delivery/leader/controller-settings";
import type { FaultPoint } from "#src/delivery/protocol/target";
import { readEnvironment } from "#src/main/settings/environment";
import { type RunningServer, startServer } from "#src/main/start-server";

/**
 * Runs a control plane in a separate process, for tests: the same as `npm start`, without the console. The parent can
 * hold a delivery at any of its fault points, over the message channel of the process.
 */

/** What differs from production, as JSON in the first parameter. */
export interface EntryOptions {
  readonly timing?: Partial<ReconcilerTiming>;
  /** The addresses that DNS returns; other names have none. Without it, the resolver of the machine is used. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** A command of the parent: hold the `nth` passing of a fault point from now on, or continue. */
export type Order = { readonly hold: FaultPoint; readonly nth: number } | { readonly goOn: true };

/** A report of this process. */
export type Report =
  | { readonly ready: { readonly url: string } }
  | { readonly failed: string }
  | { readonly held: FaultPoint };

let armed: { hold: FaultPoint; nth: number } | null = null;
let release: (() => void) | null = null;

const say = (report: Report): void => void process.send?.(report);

process.on("message", (order: Order) => {
  if ("hold" in order) {
    armed = { ...order };
    return;
  }
  armed = null;
  release?.();
  release = null;
});

async function faultPoint(point: FaultPoint): Promise<void> {
  if (armed === null || armed.hold !== point || --armed.nth > 0) return;
  armed = null;
  const gone = new Promise<void>((resolve) => {
    release = resolve;
  });
  say({ held: point });
  await gone;
}

let server: RunningServer | null = null;
process.once("SIGTERM", async () => {
  await server?.stop();
  process.exit(0);
});
process.once("disconnect", () => process.exit(0)); // the parent is gone

const { timing, names } = JSON.parse(process.argv[2] ?? "{}") as EntryOptions;

try {
  server = await startServer(readEnvironment(process.env), {
    faultPoint,
    ...(timing ? { timing } : {}),
    ...(names ? { resolver: { addresses: async (name) => names[name] ?? [] } } : {}),
  });
  say({ ready: { url: `http://127.0.0.1:${server.port}` } }); // its public address does not lead to the process of a test
} catch (error) {
  say({ failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  process.exit(1);
}
