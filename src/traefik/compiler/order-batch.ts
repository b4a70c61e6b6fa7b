import { inOrder } from "./in-order";

/** What the change of one file does to visitors' access. */
export type Effect = "closes" | "opens" | "removes";

const TURN: Readonly<Record<Effect, number>> = { closes: 0, opens: 1, removes: 2 };

/**
 * Sorts a batch in the order of application: first what closes, then what opens, removals last. Traefik may restart at
 * any point, so each prefix of a batch must be safe. Files with the same effect are sorted by name.
 */
export function orderBatch<A extends { readonly effect: Effect; readonly name: string }>(actions: readonly A[]): A[] {
  return inOrder(actions, ({ name }) => name).sort((one, other) => TURN[one.effect] - TURN[other.effect]);
}
