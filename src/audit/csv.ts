/**
 * Characters that make a spreadsheet read a cell as a formula (OWASP, "CSV injection"), including the full-width forms
 * that count in Japanese, for example.
 */
const formula = /^[=+\-@＝＋－＠\t\r\n]/;
/** Characters that end a cell in some spreadsheet: in many countries the separator is `;`. */
const special = /[",;\t\r\n]/;

/**
 * Renders one line of a CSV file (RFC 4180), with its line break. A cell that a spreadsheet would execute starts with
 * `'`.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = formula.test(value) ? `'${value}` : value;
  return special.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
