/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What the figure should be; empty for a line that only informs. */
  readonly asked: string;
  /** Null where nothing is asked, or where it could not be measured. */
  readonly ok: boolean | null;
}

const titles: Row = { what: "what", measured: "measured", asked: "asked", ok: null };

/** The rows as text, in columns. */
export function table(rows: readonly Row[]): string {
  const width = (of: (row: Row) => string) => Math.max(...[titles, ...rows].map((row) => of(row).length));
  const widths = [width((row) => row.what), width((row) => row.measured), width((row) => row.asked)] as const;
  const line = ({ what, measured, asked }: Row, last: string) =>
    `${what.padEnd(widths[0])}  ${measured.padEnd(widths[1])}  ${asked.padEnd(widths[2])}  ${last}`.trimEnd();
  const rule = widths.map((size) => "-".repeat(size)).join("  ");
  const verdict = ({ ok }: Row) => (ok === null ? "" : ok ? "yes" : "NO");
  return [line(titles, "ok"), `${rule}  --`, ...rows.map((row) => line(row, verdict(row)))].join("\n");
}
