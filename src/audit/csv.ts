/** What a spreadsheet takes for a formula (OWASP, "CSV injection"); the wide forms where it runs in Japanese, say. */
const formula = /^[=+\-@＝＋－＠\t\r\n]/;
/** What ends a cell somewhere: in many countries a spreadsheet separates them by `;`. */
const special = /[",;\t\r\n]/;

/** One line of a CSV file (RFC 4180), with its end. A cell that a spreadsheet would run is preceded by `'`. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = formula.test(value) ? `'${value}` : value;
  return special.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
