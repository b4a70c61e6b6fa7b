import type { Effect } from "../../traefik/compiler/order-batch";
import type { CompiledApplication, Fingerprints, Intended } from "../../traefik/compiler/state";

/** What the gateway was last given of an application. */
export interface DeliveredBefore {
  readonly intended: Intended;
  readonly lastGood: Fingerprints | null;
}

/**
 * What a compile does to those who may pass, compared with what was delivered before it.
 *
 * *Closes* = a credential, address or route that was there is gone or changed, it ends being public, or it is not as
 * stated; also when whoever asked for the delivery says so. Where it cannot be told, it closes.
 */
export function effectOf(
  before: DeliveredBefore | null,
  after: Pick<CompiledApplication, "file" | "form" | "intended" | "fingerprints">,
  asked: { readonly closes: boolean },
): Effect {
  if (after.file === null) return "removes";
  if (asked.closes || after.form !== "stated") return "closes";
  if (before === null) return "opens";
  if (before.intended === "public" && after.intended !== "public") return "closes";
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
