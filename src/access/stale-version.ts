/** The object has another version than the caller expects. The operation answers with `refuseStaleVersion`. */
export class StaleVersion extends Error {
  override readonly name = "StaleVersion";

  /** @param version of the object now; null for a kind without versions */
  constructor(readonly version: number | null) {
    super("the object has another version than the caller expects");
  }
}
