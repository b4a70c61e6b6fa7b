import type { Row } from "./table";

/** Something that is measured, alone or with the others: `npm run bench -- <name>`. */
export interface Figure {
  readonly name: string;
  measure(options: { readonly full: boolean }): Promise<Row[]>;
}

/** A line for what cannot be measured on this machine. */
export const notHere = (what: string, why: string): Row => ({ what, measured: why, asked: "", ok: null });
