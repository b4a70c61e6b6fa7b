/** One row of the table. */
export interface Row {
  readonly label: string;
  readonly measured: string;
  /** The target of the figure; empty for a row that only informs. */
  readonly target: string;
  /** Null if there is no target, or if the figure could not be measured. */
  readonly ok: boolean | null;
}

const titles: Row = { label: "figure", measured: "measured", target: "target", ok: null };

/** Formats the rows as text, in columns. */
export function table(rows: readonly Row[]): string {
  const width = (of: (row: Row) => string) => Math.max(...[titles, ...rows].map((row) => of(row).length));
  const widths = [width((row) => row.label), width((row) => row.measured), width((row) => row.target)] as const;
  const line = ({ label, measured, target }: Row, last: string) =>
    `${label.padEnd(widths[0])}  ${measured.padEnd(widths[1])}  ${target.padEnd(widths[2])}  ${last}`.trimEnd();
  const rule = widths.map((size) => "-".repeat(size)).join("  ");
  const verdict = ({ ok }: Row) => (ok === null ? "" : ok ? "yes" : "NO");
  return [line(titles, "ok"), `${rule}  --`, ...rows.map((row) => line(row, verdict(row)))].join("\n");
}
