import type { PageInput } from "../platform/contract/fields";

/** Cuts one page from `limit + 1` rows, newest first; the cursor is the id of the page's last item. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  { limit }: PageInput,
  idOf: (row: Row) => string,
  present: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(present), nextCursor: rows.length > limit && last ? idOf(last) : null };
}
