import type { Premise } from "../platform/errors/reasons";

/** Thrown inside a unit of work when something decided before it no longer holds; the verb is started again. */
export class PremiseChanged extends Error {
  constructor(readonly premise: Premise) {
    super(`${premise} changed while the request ran`);
    this.name = "PremiseChanged";
  }
}
