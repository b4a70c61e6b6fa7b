import type { Row } from "./table";

/** A measurement, which runs alone or with the others: `npm run bench -- <name>`. */
export interface Figure {
  readonly name: string;
  measure(options: { readonly full: boolean }): Promise<Row[]>;
}

/** A row for a figure that cannot be measured on this machine. */
export const notMeasured = (label: string, reason: string): Row => ({ label, measured: reason, target: "", ok: null });
