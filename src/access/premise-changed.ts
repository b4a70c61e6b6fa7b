/** Thrown inside a unit of work when something decided before it no longer holds; the verb is started again. */
export class PremiseChanged extends Error {
  constructor(what: string) {
    super(`${what} changed while the request ran; try again`);
    this.name = "PremiseChanged";
  }
}
