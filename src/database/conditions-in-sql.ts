import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** Whether a value is one of these; without a list, every value is. */
export function oneOf(value: SQLWrapper, values: readonly string[] | undefined): SQL {
  if (values === undefined) return sql`true`;
  if (values.length === 0) return sql`false`;
  return sql`${value} in (${sql.join(
    values.map((one) => sql`${one}`),
    sql`, `,
  )})`;
}

/** Whether a text contains another one, in any case. Every character stands for itself. */
export function contains(text: SQLWrapper, part: string): SQL {
  if (isAscii(part)) return sql`position(lower(${part}::text) in lower(${text})) > 0`;
  return sql`${text} ~ ${inAnyCase(part)}::text`;
}

/** Whether a text begins with another one, in any case. Every character stands for itself. */
export function beginsWith(text: SQLWrapper, part: string): SQL {
  if (isAscii(part)) return sql`starts_with(lower(${text}), lower(${part}::text))`;
  return sql`${text} ~ ${`^${inAnyCase(part)}`}::text`;
}

const isAscii = (text: string) => /^[ -~]*$/.test(text);

/**
 * A regular expression for a text in any case. A database with the locale C knows the cases of ASCII only, so `lower`
 * and `ilike` do not find `Äpfel` by `äpfel`.
 */
function inAnyCase(text: string): string {
  return [...text]
    .map((character) => {
      const cases = [character, character.toLowerCase(), character.toUpperCase()].filter(
        (one) => [...one].length === 1,
      );
      return `[${[...new Set(cases)].map((one) => one.replace(/^[!-/:-@[-`{-~]$/, "\\$&")).join("")}]`;
    })
    .join("");
}
