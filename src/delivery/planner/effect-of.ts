import type { Effect } from "#src/traefik/compiler/order-batch";
import type { CompiledApplication, Fingerprints, Intended } from "#src/traefik/compiler/state";

/** What the gateway last received for an application. */
export interface DeliveredBefore {
  readonly intended: Intended;
  readonly lastGood: Fingerprints | null;
}

/**
 * Compares what a compile lets through with what was delivered before it.
 *
 * It *closes* if a credential, address or route that existed is gone or changed, if the application stops being public
 * or becomes closed, if the compile is not as stated, or if the request for the delivery says so. If this cannot be
 * determined, it closes.
 */
export function effectOf(
  before: DeliveredBefore | null,
  after: Pick<CompiledApplication, "file" | "form" | "intended" | "fingerprints">,
  requested: { readonly closes: boolean },
): Effect {
  if (after.file === null) return "removes";
  if (requested.closes || after.form !== "stated") return "closes";
  if (before === null) return "opens";
  if (before.intended === "public" && after.intended !== "public") return "closes";
  if (before.intended !== "closed" && after.intended === "closed") return "closes";
  if (before.lastGood === null) return "closes";
  const kept =
    includesAll(after.fingerprints.credentials, before.lastGood.credentials) &&
    includesAll(after.fingerprints.routes, before.lastGood.routes);
  return kept ? "opens" : "closes";
}

function includesAll(present: readonly string[], wanted: readonly string[]): boolean {
  const set = new Set(present);
  return wanted.every((value) => set.has(value));
}
