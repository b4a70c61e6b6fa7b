import type { BacklogRow } from "../planner/backlog";

/** Differences between the folder and its expected contents, until a delivery repairs them. */
export class Repairs {
  #rows: BacklogRow[] = [];
  #shared = false;
  #marker = false;

  application(applicationId: string, organizationId: string): void {
    this.#rows.push({ applicationId, organizationId, denyGroup: null, closes: true });
  }

  deny(organizationId: string, group: number): void {
    this.#rows.push({ applicationId: null, organizationId, denyGroup: group, closes: true });
  }

  shared(): void {
    this.#shared = true;
  }

  /** Requests a new marker. Any delivery writes one. */
  marker(): void {
    this.#marker = true;
  }

  get waiting(): boolean {
    return this.#shared || this.#marker || this.#rows.length > 0;
  }

  /** Takes at most `limit` repairs. They count as done unless they are given back. */
  take(limit: number): { readonly rows: readonly BacklogRow[]; readonly shared: boolean; readonly marker: boolean } {
    const taken = { rows: this.#rows.splice(0, limit), shared: this.#shared, marker: this.#marker };
    this.#shared = false;
    this.#marker = false;
    return taken;
  }

  giveBack(taken: ReturnType<Repairs["take"]>): void {
    this.#rows = [...taken.rows, ...this.#rows];
    this.#shared ||= taken.shared;
    this.#marker ||= taken.marker;
  }
}
