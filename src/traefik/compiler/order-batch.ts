import { inOrder } from "./in-order";

/** What one file of a delivery does to those who may pass. */
export type Effect = "closes" | "opens" | "removes";

const TURN: Readonly<Record<Effect, number>> = { closes: 0, opens: 1, removes: 2 };

/**
 * The order in which a batch reaches the folder: what closes, then what opens, removals last. Traefik may restart
 * at any point of it, so every beginning of a batch must be safe by itself. Within a turn by name.
 */
export function orderBatch<A extends { readonly effect: Effect; readonly name: string }>(actions: readonly A[]): A[] {
  return inOrder(actions, ({ name }) => name).sort((one, other) => TURN[one.effect] - TURN[other.effect]);
}
